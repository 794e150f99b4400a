import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import {
  type CommandMetadata,
  type DomainEvent,
  LOG_START,
  later,
  type RecordedEvent,
} from '#libs/event-sourcing'
import type { ExternalIdClaimed } from './domain/imports.events.js'
import type { ImportContext, RecordRules } from './import-context.js'
import type { ImportMapping } from './mapping.js'
import { SeenHashes } from './row-identity.js'

/** Records whose state is kept between their rows, a few kB each; others are read again when they come up. */
const KEPT_RECORDS = 10_000

/** A record of the source as far as it is imported, with what is decided and not yet written. */
export class ImportedRecord {
  /** What the rules know of it. */
  state: unknown
  /** -1: it does not exist yet. */
  revision = -1
  /** ISO 8601: the latest time of its rows; '' as long as it has none. */
  latestAt = ''
  /** What its stream holds: rows imported earlier are among them. */
  readonly commands = new Set<string>()

  /** @param stream undefined: it gets its number when its first events are written */
  constructor(
    readonly externalId: string,
    private readonly rules: RecordRules['decider'],
    public stream: string | undefined,
    events: readonly RecordedEvent[],
  ) {
    this.state = rules.initial
    for (const event of events) {
      this.state = rules.evolve(this.state, event)
      this.commands.add(event.metadata.commandId)
      if (event.metadata.source !== undefined) this.latestAt = later(this.latestAt, event.metadata.occurredAt)
    }
    this.revision = events.length - 1
  }

  /** Goes on as if the events were written. */
  advance(events: readonly DomainEvent[], command: CommandMetadata): void {
    // Rules read neither ids nor positions nor `recordedAt`, which only the store will know.
    const metadata = { ...command, schemaVersion: 1, recordedAt: command.occurredAt }
    const { stream = '' } = this
    this.latestAt = later(this.latestAt, command.occurredAt)
    for (const { type, data } of events) {
      this.revision++
      const event = { id: '', type, stream, revision: this.revision, position: LOG_START, data, metadata }
      this.state = this.rules.evolve(this.state, event as RecordedEvent)
    }
  }
}

/** Finds the records of a source by their external ids, and keeps those touched last. */
export class ImportedRecords {
  readonly #kept: LRUCache<string, ImportedRecord>
  /** Records of which rows were read in this run, and that are not kept any more. */
  readonly #evicted = new SeenHashes()

  /**
   * @param areNew nothing was imported from the source before this run, so a record that the run has not met is taken to
   *   be new without a look; if it is there nevertheless, the append conflicts
   */
  constructor(
    private readonly context: ImportContext,
    private readonly policy: ImportMapping['number']['policy'],
    private readonly areNew: boolean,
    kept = KEPT_RECORDS,
  ) {
    this.#kept = new LRUCache({
      max: kept,
      dispose: (_, externalId, reason) => {
        if (reason === 'evict') this.#evicted.add(hashOf(externalId))
      },
    })
  }

  get(externalId: string): ImportedRecord | Promise<ImportedRecord> {
    const kept = this.#kept.get(externalId)
    if (kept) return kept
    if (!this.areNew || this.#evicted.has(hashOf(externalId))) return this.read(externalId)
    return this.#keep(externalId, this.policy === 'keep' ? this.#keptNumber(externalId) : undefined, [])
  }

  /** Reads it, whatever was decided and not written. */
  async read(externalId: string): Promise<ImportedRecord> {
    const stream = await this.#streamOf(externalId)
    const events = stream === undefined ? [] : await this.context.store.readStream(stream)
    return this.#keep(externalId, stream, events)
  }

  #keep(externalId: string, stream: string | undefined, events: readonly RecordedEvent[]): ImportedRecord {
    const record = new ImportedRecord(externalId, this.context.kind.decider, stream, events)
    this.#kept.set(externalId, record)
    return record
  }

  async #streamOf(externalId: string): Promise<string | undefined> {
    if (this.policy === 'keep') return this.#keptNumber(externalId)
    const { store, kind, source } = this.context
    const [claim] = await store.readStream(claimStream(source, externalId), {
      direction: 'backwards',
      limit: 1,
    })
    return claim && kind.decider.streamPrefix + (claim.data as ExternalIdClaimed['data']).number
  }

  #keptNumber(externalId: string): string {
    return this.context.kind.decider.streamPrefix + externalId
  }
}

/** Where the number of a record of a source is claimed, when it does not keep its own. */
export function claimStream(source: string, externalId: string): string {
  return `external-${source}/${externalId}`
}

function hashOf(externalId: string): string {
  return hash('sha256', externalId, 'hex')
}
