/** class-transformer ships the types of its metadata storage, but not beside the file that holds it. */
declare module 'class-transformer/cjs/storage.js' {
  export { defaultMetadataStorage } from 'class-transformer/types/storage.js'
}
