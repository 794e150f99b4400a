import type { RecordedEvent } from '#libs/event-sourcing'
import type { ApiAnswer } from './api.js'
import { type Attempt, repeat } from './workload.js'

/** Something that a client was told: that its command, known by its reason, was done as this revision of this record. */
interface Told {
  reason: string
  record: string
  revision: number
  position: string
}

interface BulkResult {
  status: number
  id: string
  revision: number
  position: string
}

function toldBy({ id, items, answer }: Attempt): Told[] {
  if (!answer || answer.status > 299) return []
  const tell = (reason: string, { id: record, revision, position }: Omit<BulkResult, 'status'>) => ({
    reason,
    record,
    revision,
    position,
  })
  if (!items) return [tell(id, answer.body as unknown as BulkResult)]
  const { results } = answer.body as unknown as { results: BulkResult[] }
  return results.flatMap((result, index) => (result.status < 300 ? [tell(items[index]!, result)] : []))
}

/**
 * Holds what clients were told against the log: what they were told is there, at that revision and position, and what
 * they asked for has happened once.
 * @returns what is wrong, in words
 */
export function brokenPromises(attempts: readonly Attempt[], events: readonly RecordedEvent[]): string[] {
  const byPosition = new Map(events.map((event) => [event.position, event]))
  const byReason = new Map<string, RecordedEvent[]>()
  for (const event of events) {
    const { reason } = event.metadata
    // Which number a key stands for is written beside what was asked for.
    if (reason !== undefined && !event.stream.startsWith('key-'))
      byReason.set(reason, [...(byReason.get(reason) ?? []), event])
  }
  const wrong: string[] = []
  for (const told of attempts.flatMap(toldBy)) {
    const event = byPosition.get(told.position)
    const there =
      event?.metadata.reason === told.reason &&
      event.stream === `incident-${told.record}` &&
      event.revision === told.revision
    if (!there) wrong.push(`lost: ${told.record} revision ${told.revision} at ${told.position}`)
  }
  for (const [reason, effects] of byReason) {
    const commands = new Set(effects.map(({ metadata, stream }) => `${metadata.commandId} on ${stream}`))
    if (commands.size > 1) wrong.push(`done ${commands.size} times: ${reason} (${[...commands].join(', ')})`)
  }
  return wrong
}

/**
 * Sends every request with a key again, twice: those that were answered must be answered the same, those that were not
 * must now be done or be done already, and answered the same both times.
 * @returns what is wrong, in words
 */
export async function brokenRepeats(url: string, attempts: readonly Attempt[]): Promise<string[]> {
  const wrong: string[] = []
  const queue = attempts.filter(({ keyed, answer }) => keyed && (answer?.status ?? 200) < 300)
  const work = async () => {
    for (let attempt = queue.pop(); attempt; attempt = queue.pop()) {
      const before = attempt.answer
      attempt.answer = await repeat(url, attempt)
      const known = before ?? attempt.answer
      const again = before ? attempt.answer : await repeat(url, attempt)
      if (!sameAnswer(known, again)) {
        wrong.push(`answered anew: ${attempt.path} ${JSON.stringify(known)}, then ${JSON.stringify(again)}`)
      }
    }
  }
  await Promise.all(Array.from({ length: 16 }, work))
  return wrong
}

/** Refusals are not remembered, those of a bulk's items neither: they may be answered as things are then. */
function sameAnswer(a: ApiAnswer, b: ApiAnswer): boolean {
  if (a.status > 299) return true
  const done = resultsOf(a)
  if (!done) return JSON.stringify(a) === JSON.stringify(b)
  const again = resultsOf(b) ?? []
  return done.every(
    (result, index) => result.status > 299 || JSON.stringify(result) === JSON.stringify(again[index]),
  )
}

function resultsOf({ body }: ApiAnswer): BulkResult[] | undefined {
  return ((body ?? {}) as { results?: BulkResult[] }).results
}
