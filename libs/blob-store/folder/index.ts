export { FolderBlobStore, openFolderBlobStore } from './folder-blob-store.js'
