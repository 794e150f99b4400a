export {
  type DuplicateNamed,
  duplicateNamed,
  type Named,
  namedBefore,
  namingStream,
} from './duplicates.js'
