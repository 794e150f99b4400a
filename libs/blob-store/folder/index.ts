export { FolderBlobStore, INCOMING, openFolderBlobStore } from './folder-blob-store.js'
