export * from './held-roles.js'
export * from './principal.js'
