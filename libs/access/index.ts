export * from './group-standing.js'
export * from './held-roles.js'
export * from './person-standing.js'
export * from './principal.js'
