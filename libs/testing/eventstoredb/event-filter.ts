import type { StoredEvent } from './event-log.js'
import type { streams } from './protocol.js'

type FilterOptions = InstanceType<typeof streams.ReadReq.Options.FilterOptions>

/** What a filter lets through: by stream name or event type, by prefixes or a regular expression. */
export function eventFilter(options: FilterOptions): (event: StoredEvent) => boolean {
  const byStream = options.getStreamIdentifier()
  const expression = byStream ?? options.getEventType()
  if (!expression) return () => true
  const subject = (event: StoredEvent) => (byStream ? event.stream : event.type)
  const prefixes = expression.getPrefixList()
  if (prefixes.length > 0) return (event) => prefixes.some((prefix) => subject(event).startsWith(prefix))
  const regex = new RegExp(expression.getRegex())
  return (event) => regex.test(subject(event))
}
