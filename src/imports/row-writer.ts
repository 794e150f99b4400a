import {
  type CommandMetadata,
  type DomainEvent,
  InvalidInput,
  LedgerdeskError,
  TooLarge,
  Unavailable,
} from '#libs/event-sourcing'
import type { AppendRequest } from '#libs/event-store'
import { appendAll, MAX_TRIES, settled } from './appends.js'
import type { DirectoryEntries } from './directory-entries.js'
import type { ExternalIdClaimed } from './domain/imports.events.js'
import type { ImportContext } from './import-context.js'
import { newEvents } from './import-events.js'
import type { ImportFacts } from './import-facts.js'
import type { ImportMapping } from './mapping.js'
import type { Observation } from './observation.js'
import { claimStream, type ImportedRecord, type ImportedRecords } from './records.js'
import type { RowReading } from './row-mapping.js'

/** A row that is to become events. */
export interface ObservedRow extends RowReading {
  readonly row: number
  readonly metadata: CommandMetadata
}

/** Told what became of rows. */
export interface RowOutcomes {
  /** @param number the record's; its external id as long as it has none, as in a dry run */
  imported(number: string, events: readonly DomainEvent[]): void
  /** The record's stream holds it already. */
  known(row: ObservedRow): void
  rejected(row: ObservedRow, reason: string): void
  registered(people: number, groups: number): void
}

/** The rows of one record in one batch, in order, with what each leads to. */
interface Decided {
  readonly record: ImportedRecord
  /** Of the record before these rows; -1: it does not exist. */
  readonly revision: number
  readonly rows: { readonly row: ObservedRow; readonly events: readonly DomainEvent[] }[]
}

/**
 * Decides what rows mean and writes it: the rows of one record in one append, the records of a batch together. What
 * stands in the way of one record (somebody changed it meanwhile, a row is too large) is settled for that record alone.
 */
export class RowWriter {
  constructor(
    private readonly context: ImportContext,
    private readonly records: ImportedRecords,
    private readonly directory: DirectoryEntries,
    private readonly facts: ImportFacts,
    private readonly outcomes: RowOutcomes,
    /** Version of the priority matrix that the source's priorities are derived by; null: none. */
    private readonly matrixVersion: number | null,
    private readonly rowOrder: ImportMapping['rowOrder'],
  ) {}

  /** @param batch rows not imported yet, each record's in order */
  async write(batch: ReadonlyMap<ImportedRecord, readonly ObservedRow[]>): Promise<void> {
    const decided: Decided[] = []
    for (const [record, rows] of batch) decided.push(await this.#decideAll(record, rows))
    const entries = this.directory.requests(inFileOrder(decided))
    if (this.context.dryRun) {
      this.#told(decided)
      this.#registered(entries)
    } else {
      await this.#append(
        entries,
        decided.filter(({ rows }) => rows.length > 0),
      )
    }
  }

  async #decideAll(record: ImportedRecord, rows: readonly ObservedRow[]): Promise<Decided> {
    const decided: Decided = { record, revision: record.revision, rows: [] }
    for (const row of rows) {
      const events = await this.#decide(record, row)
      if (events === undefined) continue
      record.advance(events, row.metadata)
      decided.rows.push({ row, events })
    }
    return decided
  }

  /** Undefined: the rules refuse the row, which is told. */
  async #decide(record: ImportedRecord, row: ObservedRow): Promise<readonly DomainEvent[] | undefined> {
    const { kind } = this.context
    const { decider } = kind
    const id = record.stream?.slice(decider.streamPrefix.length)
    const command = kind.observe(id, this.#inOrder(record, row), this.matrixVersion, row.metadata)
    const facts = await this.facts.of(decider, command, record.state)
    try {
      return decider.decide(command, record.state, facts)
    } catch (error) {
      if (!(error instanceof LedgerdeskError)) throw error
      this.outcomes.rejected(row, `${error.code}: ${error.message}`)
      return undefined
    }
  }

  #inOrder(record: ImportedRecord, { observed, metadata }: ObservedRow): Observation {
    const isLate = this.rowOrder === 'time' && metadata.occurredAt < record.latestAt
    return isLate ? { ...observed, late: true } : observed
  }

  #registered(entries: readonly AppendRequest[]): void {
    const groups = entries.filter(({ stream }) => stream.startsWith('group-')).length
    this.outcomes.registered(entries.length - groups, groups)
  }

  async #append(entries: readonly AppendRequest[], decided: readonly Decided[]): Promise<void> {
    const known = decided.filter(({ record }) => record.stream !== undefined)
    const unborn = decided.filter(({ record }) => record.stream === undefined)
    const written = await this.#appendKnown(entries, known)
    // All are handed over at once, so that they are written, and numbered, together and in their order.
    const born = await Promise.all(unborn.map((each) => refusable(() => this.#bear(each))))
    this.#told(known.filter((_, index) => written[index]))
    this.#told(unborn.filter((_, index) => born[index] === true))
    for (const [index, each] of known.entries()) if (!written[index]) await this.#settleAlone(each)
    for (const [index, each] of unborn.entries()) if (born[index] !== true) await this.#settleAlone(each)
  }

  /**
   * People and groups first: whom an event names is known by then.
   * @returns which records are written; none when one of the requests is not sound
   */
  async #appendKnown(
    entries: readonly AppendRequest[],
    known: readonly Decided[],
  ): Promise<readonly boolean[]> {
    const { store } = this.context
    const requests = known.map((each) => this.#request(each))
    const all = await refusable(() => appendAll(store, [...entries, ...requests]))
    const outcomes = Array.isArray(all) ? all : await appendAll(store, entries)
    // Who is in the directory already conflicts, which is as it should be.
    this.#registered(entries.filter((_, index) => outcomes[index]!.kind === 'appended'))
    return known.map((_, index) => {
      const outcome = outcomes[entries.length + index]
      return outcome !== undefined && outcome.kind !== 'conflict'
    })
  }

  #request({ record, revision, rows }: Decided): AppendRequest {
    const stream = record.stream!
    const expectedRevision = revision < 0 ? 'noStream' : revision
    return { stream, expectedRevision, events: rows.flatMap((row) => this.#newEvents(row, stream)) }
  }

  #newEvents({ row, events }: Decided['rows'][number], stream: string) {
    return newEvents(events, stream, row.metadata, this.context.actor.grant)
  }

  /**
   * Writes a record's first events under the next free number, which its external id claims in the same step.
   * @returns false: the id has a number already
   */
  async #bear({ record, rows }: Decided): Promise<boolean> {
    const { store, kind, source, actor } = this.context
    const { metadata } = rows[0]!.row
    const stream = claimStream(source, record.externalId)
    const claimed = (number: string): ExternalIdClaimed => ({ type: 'ExternalIdClaimed', data: { number } })
    const prefix = kind.decider.streamPrefix
    const outcome = await settled(() =>
      store.appendNumbered({
        series: kind.numbers,
        claim: { stream, event: (number) => newEvents([claimed(number)], stream, metadata, actor.grant)[0]! },
        events: (number) => rows.flatMap((row) => this.#newEvents(row, prefix + number)),
      }),
    )
    if (outcome.kind !== 'appended') return false
    record.stream = prefix + outcome.number
    return true
  }

  #told(decided: readonly Decided[]): void {
    const { streamPrefix } = this.context.kind.decider
    for (const { record, rows } of decided) {
      const number = record.stream?.slice(streamPrefix.length) ?? record.externalId
      for (const { events } of rows) this.outcomes.imported(number, events)
    }
  }

  /** Row by row, each on a fresh read of its record. */
  async #settleAlone({ record: { externalId }, rows }: Decided): Promise<void> {
    for (const { row } of rows) await this.#writeAlone(externalId, row)
  }

  async #writeAlone(externalId: string, row: ObservedRow): Promise<void> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
      const record = await this.records.read(externalId)
      if (record.commands.has(row.metadata.commandId)) return this.outcomes.known(row)
      const decided = await this.#decideAll(record, [row])
      if (decided.rows.length === 0) return
      const written = await refusable(() => this.#tryAlone(decided))
      if (written === true) return this.#told([decided])
      if (written instanceof LedgerdeskError) {
        await this.records.read(externalId)
        return this.outcomes.rejected(row, `${written.code}: ${written.message}`)
      }
    }
    throw new Unavailable(
      'IMPORT.RECORD_BUSY',
      `Others keep changing the record ${externalId}. Start the import again: it goes on where it was.`,
    )
  }

  /** @returns false: somebody else was first */
  async #tryAlone(decided: Decided): Promise<boolean> {
    if (decided.record.stream === undefined) return this.#bear(decided)
    const outcome = await settled(() => this.context.store.append(this.#request(decided)))
    return outcome.kind !== 'conflict'
  }
}

/** People and groups are known as of the first row that names them, however rows are grouped. */
function inFileOrder(decided: readonly Decided[]): ObservedRow[] {
  const rows = decided.flatMap((ofRecord) => ofRecord.rows.map(({ row }) => row))
  return rows.sort((a, b) => a.row - b.row)
}

/** What the store refuses to take is an answer. */
async function refusable<T>(write: () => Promise<T>): Promise<T | TooLarge | InvalidInput> {
  try {
    return await write()
  } catch (error) {
    if (error instanceof TooLarge || error instanceof InvalidInput) return error
    throw error
  }
}
