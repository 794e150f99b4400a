import type { RequestContext } from '#libs/platform'

/** Audit data that was read from the log: which streams were asked for, and how many events came of it. */
export interface LogReading {
  query: string
  rows: number
}

/** Puts on record who read audit data here: whoever puts the program together knows how, since processes do not know each other. */
export abstract class AuditReadings {
  abstract record(reading: LogReading, context: RequestContext): Promise<void>
}

/** As records of such readings name what was read. */
export const LOG_READ = 'audit events in the log'

/** Streams of what auditors find, say and read. */
const AUDIT_STREAMS = ['finding-', 'judgement-', 'auditread-']

interface Shown {
  subject: string
  data: { what?: string }
}

/**
 * How many events of the audit a page shows; undefined: it is no reading of audit data. Of who asks for all streams, records of such
 * readings are none themselves: whoever follows the log would be followed by his own for ever.
 * @param items CloudEvents
 * @param streams prefixes that were asked for
 */
export function auditEventsRead(
  items: readonly object[],
  streams: readonly string[] | undefined,
): number | undefined {
  const shown = (items as readonly Shown[]).filter(({ subject }) => isOfAudit(subject))
  const isReading = streams?.some(isOfAudit) || shown.some(({ data }) => data.what !== LOG_READ)
  return isReading ? shown.length : undefined
}

function isOfAudit(stream: string): boolean {
  return AUDIT_STREAMS.some((prefix) => stream.startsWith(prefix))
}
