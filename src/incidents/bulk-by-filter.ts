import { hash } from 'node:crypto'
import { derivedId, eventId, InvalidInput, KeyReused, Refused, Unavailable } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { type RequestContext, requestHash, validateBody } from '#libs/platform'
import type { CommandSender } from '../http/command-sender.js'
import type { Queries } from '../http/queries.js'
import type { BulkByFilterDto } from './dto/incident-commands.dto.js'
import { incidentVerbs } from './incident.verbs.js'
import { selectIncidents } from './queries/incident.queries.js'
import { type ItemResult, resultOf, sendVerb, verbNamed } from './send-verb.js'

/** Records of one request. */
const MOST_RECORDS = 1_000
/** Numbers that a preview shows. */
const FIRST = 20

export interface BulkByFilterAnswer {
  count: number
  /** Preview: the first of those that would be changed. */
  first?: string[]
  /** Preview: stands for the records, see `selectionOf`. */
  selection?: string
  results?: (ItemResult & { number: string; code?: string })[]
}

/**
 * One verb for all incidents that a filter finds. Which these are, the read model says, level with the log; what may be
 * done to each, its own stream decides, with the rights of whoever asks.
 *
 * With an `Idempotency-Key` the numbers are written to `key-<id>` before anything is done: a repeat means the same
 * records, whatever the filter would find by then.
 */
export class BulkByFilter {
  constructor(
    private readonly sender: CommandSender,
    private readonly queries: Queries,
    private readonly store: EventStore,
  ) {}

  async carryOut(request: BulkByFilterDto, context: RequestContext): Promise<BulkByFilterAnswer> {
    const { verb: name, body = {}, preview = false } = request
    const verb = verbNamed(name)
    if (!verb) throw unknownVerb(name)
    if (verb.body) validateBody(verb.body, body)
    requireFilter(request)
    if (preview) {
      const { count, numbers } = await this.select(request, context, MOST_RECORDS)
      const selection = count > MOST_RECORDS ? undefined : selectionOf(numbers)
      return { count, first: numbers.slice(0, FIRST), selection }
    }
    const numbers = await this.chosen(request, context)
    const results = await Promise.all(
      numbers.map(async (number, index) => {
        const send = () => sendVerb(this.sender, context, verb, { name, number, body, index })
        const result = await resultOf(send, 200, `${context.requestId}#${index}`)
        return { number, ...result, code: result.problem?.code }
      }),
    )
    return { count: numbers.length, results }
  }

  private async chosen(request: BulkByFilterDto, context: RequestContext): Promise<readonly string[]> {
    const { idempotencyKey: key, principal } = context
    if (key === undefined) return this.selected(request, context)
    const commandId = derivedId('bulk-by-filter', this.store.logId, principal.id, key)
    const hash = requestHash('POST', '/incidents/bulk-by-filter', {}, request)
    const stream = `key-${commandId}`
    const fixed = await this.fixed(stream, hash)
    if (fixed) return fixed
    const numbers = await this.selected(request, context)
    const outcome = await this.store.append({
      stream,
      expectedRevision: 'noStream',
      events: [
        {
          id: eventId(commandId, stream, 0),
          type: 'RecordsSelected',
          data: { numbers },
          metadata: {
            actor: principal.id,
            channel: 'api',
            occurredAt: new Date().toISOString(),
            commandId,
            requestHash: hash,
            correlationId: context.requestId,
            schemaVersion: 1,
          },
        },
      ],
    })
    if (outcome.kind === 'unknown') throw selectionUnknown()
    // Of two repeats at once, one was first; a store may know the event by its id alone, so what stands there is read
    return outcome.kind === 'appended' ? numbers : ((await this.fixed(stream, hash)) ?? numbers)
  }

  /** @throws KeyReused when the key stands for another request */
  private async fixed(stream: string, hash: string): Promise<readonly string[] | undefined> {
    const [selected] = await this.store.readStream(stream, { limit: 1 })
    if (!selected) return undefined
    if (selected.metadata.requestHash !== hash) throw new KeyReused()
    return (selected.data as { numbers: string[] }).numbers
  }

  private async selected(request: BulkByFilterDto, context: RequestContext): Promise<readonly string[]> {
    const { count, numbers } = await this.select(request, context, MOST_RECORDS)
    if (request.expected !== undefined && request.expected !== count) {
      throw new Refused(
        'BULK.COUNT_DIFFERS',
        `The filter finds ${count} incidents, not ${request.expected}: look at them again (preview), and ask anew.`,
        { count },
      )
    }
    if (request.selection !== undefined && request.selection !== selectionOf(numbers)) {
      const previewed = Number.parseInt(request.selection, 10)
      throw new Refused(
        'BULK.SELECTION_DIFFERS',
        `The filter finds other incidents than the preview did (${count}; then ${previewed}): look at them again (preview), and ask anew.`,
        { count, previewed },
      )
    }
    if (count > MOST_RECORDS) {
      throw new Refused(
        'BULK.TOO_MANY',
        `The filter finds ${count} incidents, of which a request may change ${MOST_RECORDS}: narrow it down.`,
        { count },
      )
    }
    return numbers
  }

  private async select(
    { filter }: BulkByFilterDto,
    { principal }: RequestContext,
    limit: number,
  ): Promise<{ count: number; numbers: string[] }> {
    const { json } = await this.queries.ask(selectIncidents, { principal, filter, limit })
    return JSON.parse(json) as { count: number; numbers: string[] }
  }
}

/** Records stand for themselves, in whatever order and state they are found: `<how many>-<hash of their numbers>`. */
function selectionOf(numbers: readonly string[]): string {
  return `${numbers.length}-${hash('sha256', [...numbers].sort().join('\n'), 'hex').slice(0, 32)}`
}

/** An empty filter finds everything, which nobody means who changes it. */
function requireFilter({ filter }: BulkByFilterDto): void {
  if (filter.trim() !== '') return
  throw new InvalidInput(
    'FILTER.EMPTY',
    'Say which incidents are meant: an empty filter finds all of them.',
    [{ pointer: '/filter', message: 'must not be empty' }],
  )
}

function unknownVerb(name: string): InvalidInput {
  const message = `no such verb; there are ${Object.keys(incidentVerbs).join(', ')}`
  return new InvalidInput('BULK.VERB_UNKNOWN', `${name}: ${message}`, [{ pointer: '/verb', message }])
}

function selectionUnknown(): Unavailable {
  return new Unavailable(
    'EVENT_STORE.OUTCOME_UNKNOWN',
    'The store did not say whether the selection was recorded, and nothing was done. Repeat the request with the same Idempotency-Key.',
  )
}
