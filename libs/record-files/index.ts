export { isAttached, type RecordFile, requireContentHash } from './record-files.js'
