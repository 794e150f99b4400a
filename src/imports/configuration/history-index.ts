import { LOG_START, type RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { CiRecord } from '../../configuration/domain/ci.state.js'
import type { CiEvent, CiNameEvent, RelationEvent } from '../../configuration/domain/configuration.events.js'
import type { RelationRecord } from '../../configuration/domain/relation.decider.js'
import type { ConfigurationRules } from './history-rules.js'

/** A stream as far as it is written, or decided to be. */
export interface KnownItem {
  record: CiRecord
  /** -1: it does not exist. */
  revision: number
}
export interface KnownRelation {
  record: RelationRecord
  revision: number
  /** Commands of its events. */
  readonly commands: Set<string>
}

const PAGE = 1_000

/**
 * The whole configuration as the log has it: who bears which name, and what every CI and relation is like. A history goes
 * through all of it in one order, so all of it is kept; a few kB for each CI.
 */
export class HistoryIndex {
  readonly #items = new Map<string, KnownItem>()
  readonly #relations = new Map<string, KnownRelation>()
  readonly #names = new Map<string, { revision: number; operation: string | undefined }>()
  readonly #byName = new Map<string, string>()
  readonly #commits = new Map<string, Set<string>>()
  /** Command → number of the CI that it is about. */
  readonly #rows = new Map<string, string>()

  constructor(private readonly rules: ConfigurationRules) {}

  /** Reads what there is. */
  async load(store: EventStore): Promise<void> {
    let after = LOG_START
    for (let end = false; !end; ) {
      const page = await store.readAll({
        after,
        prefixes: ['ci-', this.rules.ciName.streamPrefix, 'relation-', 'change-'],
        limit: PAGE,
      })
      for (const event of page.events) this.add(event)
      after = page.position
      end = page.end
    }
  }

  /** Goes on as if the event was written. */
  add(event: RecordedEvent): void {
    const { stream, metadata } = event
    if (stream.startsWith(this.rules.ciName.streamPrefix)) this.#addName(event as RecordedEvent<CiNameEvent>)
    else if (stream.startsWith('ci-'))
      this.#addItem(stream.slice('ci-'.length), event as RecordedEvent<CiEvent>)
    else if (stream.startsWith('relation-')) this.#addRelation(stream, event as RecordedEvent<RelationEvent>)
    else this.commitsOf(stream).add(metadata.commandId)
  }

  item(number: string): KnownItem {
    return getOr(this.#items, number, () => ({ record: this.rules.ci.initial, revision: -1 }))
  }

  /** @param stream of the relation */
  relation(stream: string): KnownRelation {
    return getOr(this.#relations, stream, () => ({
      record: this.rules.relation.initial,
      revision: -1,
      commands: new Set(),
    }))
  }

  /** Number of the CI in whose stream a row's command is. */
  rowOf(commandId: string): string | undefined {
    return this.#rows.get(commandId)
  }

  /** Commands of a commit's stream. */
  commitsOf(stream: string): Set<string> {
    return getOr(this.#commits, stream, () => new Set())
  }

  /** Number of the live CI of the class that bears the name. */
  bearer(ofClass: string, name: string): string | undefined {
    return this.#byName.get(nameKey(ofClass, name))
  }

  /** -1: the name was never reserved. */
  nameRevision(stream: string): number {
    return this.#names.get(stream)?.revision ?? -1
  }

  /** The operation that a name is reserved for. */
  reservedBy(stream: string): string | undefined {
    return this.#names.get(stream)?.operation
  }

  #addName({ stream, revision, type, data }: RecordedEvent<CiNameEvent>): void {
    const operation = type === 'CiNameReserved' ? data.operation : undefined
    this.#names.set(stream, { revision, operation })
  }

  #addItem(number: string, event: RecordedEvent<CiEvent>): void {
    const known = this.item(number)
    const before = known.record
    known.record = this.rules.ci.evolve(before, event)
    known.revision = event.revision
    this.#rows.set(event.metadata.commandId, number)
    const [was, is] = [liveName(before), liveName(known.record)]
    if (was === is) return
    // Of two that bear one name, which only a source can do, the latest is meant.
    if (was !== undefined && this.#byName.get(was) === number) this.#byName.delete(was)
    if (is !== undefined) this.#byName.set(is, number)
  }

  #addRelation(stream: string, event: RecordedEvent<RelationEvent>): void {
    const known = this.relation(stream)
    known.record = this.rules.relation.evolve(known.record, event)
    known.revision = event.revision
    known.commands.add(event.metadata.commandId)
  }
}

function liveName(record: CiRecord): string | undefined {
  return record.standing === 'registered' && record.status === 'live'
    ? nameKey(record.class, record.name)
    : undefined
}

function nameKey(ofClass: string, name: string): string {
  return `${ofClass}/${name}`
}

function getOr<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
