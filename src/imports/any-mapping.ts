import { type HistoryMapping, parseHistoryMapping } from './configuration/history-mapping.js'
import { type ImportMapping, parseMapping } from './mapping.js'
import { readYaml } from './mapping-file.js'

/**
 * Reads a mapping of whatever record type it says.
 * @throws InvalidInput `IMPORT.MAPPING_INVALID`
 */
export function anyMapping(yaml: string): ImportMapping | HistoryMapping {
  const content = readYaml(yaml) as { recordType?: unknown } | null
  return content?.recordType === 'configuration' ? parseHistoryMapping(yaml) : parseMapping(yaml)
}
