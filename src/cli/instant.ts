import { InvalidInput } from '#libs/event-sourcing'
import { isInstant } from '#libs/platform/instant'
import { toUtc } from '../http/instants.js'

/**
 * An instant given on the command line, as UTC.
 * @param option as it is written, `--until`
 * @param code of the refusal
 */
export function instantOf(option: string, text: string, code: string): string {
  if (!isInstant(text)) {
    throw new InvalidInput(code, `${option} ${text}: give a time such as 2030-01-01T00:00:00Z`)
  }
  return toUtc(text)
}
