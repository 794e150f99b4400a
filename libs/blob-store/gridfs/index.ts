export { GridfsBlobStore, openGridfsBlobStore } from './gridfs-blob-store.js'
