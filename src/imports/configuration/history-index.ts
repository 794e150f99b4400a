import { LOG_START, type RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import type { KnownCi } from '../../configuration/domain/ci.import.js'
import type { CiEvent, CiNameEvent, RelationEvent } from '../../configuration/domain/configuration.events.js'
import type { ConfigurationRules } from './history-rules.js'

/** A stream as far as it is written, or decided to be; `record`: what the rules know of it. */
export interface KnownItem {
  record: unknown
  /** Undefined: nothing was registered. */
  known: KnownCi | undefined
  /** -1: it does not exist. */
  revision: number
}
export interface KnownStream {
  record: unknown
  revision: number
  /** Commands of its events. */
  readonly commands: Set<string>
}

interface KnownName {
  /** -1: it was never reserved. */
  revision: number
  /** All that ever reserved it, whoever holds it now. */
  readonly operations: Set<string>
}

const PAGE = 1_000

/**
 * The whole configuration as the log has it: who bears which name, and what every CI and relation is like. A history goes
 * through all of it in one order, so all of it is kept; a few kB for each CI.
 */
export class HistoryIndex {
  readonly #items = new Map<string, KnownItem>()
  readonly #relations = new Map<string, KnownStream>()
  readonly #names = new Map<string, KnownName>()
  readonly #byName = new Map<string, string>()
  readonly #changes = new Map<string, KnownStream>()
  /** Command → number of the CI that it is about. */
  readonly #rows = new Map<string, string>()

  constructor(private readonly rules: ConfigurationRules) {}

  /** Reads what there is. */
  async load(store: EventStore): Promise<void> {
    let after = LOG_START
    for (let end = false; !end; ) {
      const page = await store.readAll({
        after,
        prefixes: ['ci-', this.rules.ciName.streamPrefix, 'relation-', this.rules.change.streamPrefix],
        limit: PAGE,
      })
      for (const event of page.events) this.add(event)
      after = page.position
      end = page.end
    }
  }

  /** Goes on as if the event was written. */
  add(event: RecordedEvent): void {
    const { stream } = event
    if (stream.startsWith(this.rules.ciName.streamPrefix)) this.#addName(event as RecordedEvent<CiNameEvent>)
    else if (stream.startsWith('ci-'))
      this.#addItem(stream.slice('ci-'.length), event as RecordedEvent<CiEvent>)
    else if (stream.startsWith('relation-')) this.#addRelation(stream, event as RecordedEvent<RelationEvent>)
    else this.#addChange(stream, event as RecordedEvent<ChangeEvent>)
  }

  item(number: string): KnownItem {
    return getOr(this.#items, number, () => ({
      record: this.rules.ci.initial,
      known: undefined,
      revision: -1,
    }))
  }

  /** @param stream of the relation */
  relation(stream: string): KnownStream {
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

  /** @param stream of the change that a commit is */
  change(stream: string): KnownStream {
    return getOr(this.#changes, stream, () => ({
      record: this.rules.change.initial,
      revision: -1,
      commands: new Set(),
    }))
  }

  /** Number of the live CI of the class that bears the name. */
  bearer(ofClass: string, name: string): string | undefined {
    return this.#byName.get(nameKey(ofClass, name))
  }

  /** @param stream of the reservations of a name */
  name(stream: string): KnownName {
    return getOr(this.#names, stream, () => ({ revision: -1, operations: new Set() }))
  }

  #addName({ stream, revision, type, data }: RecordedEvent<CiNameEvent>): void {
    const name = this.name(stream)
    name.revision = revision
    if (type === 'CiNameReserved') name.operations.add(data.operation)
  }

  #addItem(number: string, event: RecordedEvent<CiEvent>): void {
    const item = this.item(number)
    const was = liveName(item.known)
    item.record = this.rules.ci.evolve(item.record, event)
    item.known = this.rules.ci.known(item.record)
    item.revision = event.revision
    this.#rows.set(event.metadata.commandId, number)
    const is = liveName(item.known)
    if (was === is) return
    // Of two that bear one name, which only a source can do, the latest is meant.
    if (was !== undefined && this.#byName.get(was) === number) this.#byName.delete(was)
    if (is !== undefined) this.#byName.set(is, number)
  }

  #addChange(stream: string, event: RecordedEvent<ChangeEvent>): void {
    const known = this.change(stream)
    known.record = this.rules.change.evolve(known.record, event)
    known.revision = event.revision
    known.commands.add(event.metadata.commandId)
  }

  #addRelation(stream: string, event: RecordedEvent<RelationEvent>): void {
    const known = this.relation(stream)
    known.record = this.rules.relation.evolve(known.record, event)
    known.revision = event.revision
    known.commands.add(event.metadata.commandId)
  }
}

function liveName(item: KnownCi | undefined): string | undefined {
  return item?.live ? nameKey(item.class, item.name) : undefined
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
