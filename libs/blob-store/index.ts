export * from './blob-store.js'
export { DamagedBlob } from './content.js'
