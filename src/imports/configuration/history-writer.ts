import {
  type CommandMetadata,
  type DomainEvent,
  derivedId,
  InvalidInput,
  LOG_START,
  type NewEvent,
  Unavailable,
} from '#libs/event-sourcing'
import type { AppendRequest } from '#libs/event-store'
import { ImportChangeUpdate } from '../../changes/domain/change.commands.js'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import type { ObservedChange } from '../../changes/domain/change.import.js'
import type { AttributeValue, CiNameReserved } from '../../configuration/domain/configuration.events.js'
import type { CiRelationType } from '../../settings/domain/settings.events.js'
import { appendAll, settled } from '../appends.js'
import type { DirectoryEntries } from '../directory-entries.js'
import type { ExternalIdClaimed } from '../domain/imports.events.js'
import type { RunContext } from '../import-context.js'
import { newEvents } from '../import-events.js'
import { claimStream } from '../records.js'
import { HistoryIndex } from './history-index.js'
import type { HistoryMapping } from './history-mapping.js'
import type {
  Commit,
  HistoryStep,
  Observation,
  ObservedItem,
  ObservedRelation,
  RowPlace,
} from './history-rows.js'
import type { ClassesInForce, ConfigurationRules, Related } from './history-rules.js'
import type { HistoryTally } from './history-summary.js'

type Wanted = Exclude<HistoryStep, { kind: 'rejected' }>
interface Rejection {
  file: string
  row: number
  reason: string
}

/**
 * Turns the steps of a history into events, decided one by one on what is written or about to be, and written in the
 * order of the rows: what the log says at the end of a commit is what the source said then.
 */
export class HistoryWriter {
  readonly #index: HistoryIndex
  #requests: AppendRequest[] = []
  /** Key of the commit that was rejected last: what belongs to it is nobody's. */
  #rejected: number | undefined

  constructor(
    private readonly context: RunContext,
    private readonly rules: ConfigurationRules,
    private readonly mapping: HistoryMapping,
    private readonly settings: { classes: ClassesInForce; relationTypes: readonly CiRelationType[] },
    private readonly directory: DirectoryEntries,
    private readonly tally: HistoryTally,
  ) {
    this.#index = new HistoryIndex(rules)
  }

  /** Reads what the log has of the configuration. */
  load(): Promise<void> {
    return this.#index.load(this.context.store)
  }

  /** Requests that are not written yet. */
  get waiting(): number {
    return this.#requests.length
  }

  /** @returns why a row can't be used */
  async take(step: Wanted): Promise<Rejection | undefined> {
    switch (step.kind) {
      case 'begin':
        return this.#begin(step.commit)
      case 'end':
        return this.#end(step.commit)
      default:
        return this.#observe(step.commit, step.observation)
    }
  }

  /**
   * Writes what waits.
   * @throws Unavailable `IMPORT.CONFIGURATION_BUSY` when somebody else has changed what the rows are about
   */
  async flush(): Promise<void> {
    const requests = this.#requests
    this.#requests = []
    if (this.context.dryRun) return
    const outcomes = await appendAll(this.context.store, requests, 'log')
    for (const [index, { kind }] of outcomes.entries()) {
      const { stream } = requests[index]!
      // Who is in the directory already conflicts, which is as it should be.
      if (kind === 'conflict' && !stream.startsWith('person-')) throw busy(stream)
      if (kind !== 'conflict' && stream.startsWith('person-')) this.tally.people++
    }
  }

  #begin(commit: Commit): Rejection | undefined {
    this.tally.rows++
    const { file, row, title, references, others } = commit
    const command = this.#command(commit, commit, `commit/${commit.externalId}`)
    const { commands } = this.#index.change(this.#streamOf(commit))
    if (commands.has(command.commandId)) {
      this.tally.known++
      return undefined
    }
    if (commands.size > 0) {
      this.#rejected = commit.key
      return {
        file,
        row,
        reason: `${this.#numberOf(commit)} is another change here, or the commit was told otherwise`,
      }
    }
    this.#requests.push(...this.directory.person(command.attributedTo!, command))
    const fields = textsOf({ ...others, commit: commit.externalId })
    const opened = this.#change(commit, command, { type: 'configuration-commit', title, fields })
    const linked = references.map((target): ChangeEvent => {
      return {
        type: 'ChangeLinked',
        data: { link: { relation: 'related-to', targetType: 'ticket', target } },
      }
    })
    const events = [...opened, ...linked]
    this.#append(this.#streamOf(commit), events, command, -1)
    this.tally.applies(file, row, events)
    return undefined
  }

  /** After the last event of what the commit did: its position is that of the configuration then. */
  #end(commit: Commit): undefined {
    const stream = this.#streamOf(commit)
    const begun = this.#command(commit, commit, `commit/${commit.externalId}`)
    const command = this.#command(commit, commit, `commit-end/${commit.externalId}`)
    const { commands, revision } = this.#index.change(stream)
    if (!commands.has(begun.commandId) || commands.has(command.commandId)) return
    const closed = this.#change(commit, command, { state: 'Closed' })
    this.#append(stream, closed, command, revision)
    for (const event of closed) this.tally.wrote(event, `${commit.file}:${commit.row}`)
  }

  #change(commit: Commit, command: CommandMetadata, said: ObservedChange): readonly ChangeEvent[] {
    const { record } = this.#index.change(this.#streamOf(commit))
    const update = new ImportChangeUpdate(this.#numberOf(commit), said, command)
    return this.rules.change.decide(update, record, {})
  }

  async #observe(commit: Commit, observation: Observation): Promise<Rejection | undefined> {
    this.tally.rows++
    const { file, row } = observation
    if (commit.key === this.#rejected)
      return { file, row, reason: `belongs to commit ${commit.key}, which was rejected` }
    try {
      if (observation.kind === 'relation') this.#relation(commit, observation)
      else await this.#item(commit, observation)
      return undefined
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error
      const errors = (error.extra.errors ?? []) as { pointer: string; message: string }[]
      const places = errors.map(({ pointer, message }) => `${pointer} ${message}`)
      return { file, row, reason: [`${error.code}: ${error.message}`, ...places].join('; ') }
    }
  }

  #relation(commit: Commit, row: ObservedRelation): void {
    const command = this.#command(commit, row, `relation/${row.type}`)
    const related = { type: row.type, source: row.source, target: row.target }
    const events = this.#relate(row.operation, related, commit, command, row.others)
    if (events === undefined) this.tally.known++
    else this.tally.applies(row.file, row.row, events)
  }

  /** Undefined: the relation's stream has it. */
  #relate(
    operation: ObservedRelation['operation'],
    said: Related,
    commit: Commit,
    command: CommandMetadata,
    others: RowPlaceFields = {},
  ): readonly DomainEvent[] | undefined {
    const { relation: rules } = this.rules
    const related = rules.normalised(said, this.settings.relationTypes)
    const stream = `relation-${rules.id(related)}`
    const known = this.#index.relation(stream)
    if (known.commands.has(command.commandId)) return undefined
    const change = this.#numberOf(commit)
    const events = rules.observe(known.record, {
      ...related,
      operation,
      change,
      sourceFields: fieldsOf(others),
    })
    this.#append(stream, events, command, known.revision)
    return events
  }

  async #item(commit: Commit, row: ObservedItem): Promise<void> {
    const command = this.#command(commit, row, `item/${row.class}/${row.name}`)
    const done = this.#index.rowOf(command.commandId)
    if (done !== undefined) {
      this.tally.known++
      // Its first event stands before what follows from it, the others behind.
      if (this.#index.item(done).revision === 0) this.#settle(commit, row, done, command)
      return
    }
    const number = this.#index.bearer(row.class, row.previousName ?? row.name)
    if (row.operation === 'register' || number === undefined)
      return this.#first(commit, row, command, number !== undefined)
    const nameTaken = row.operation === 'rename' && this.#index.bearer(row.class, row.name) !== undefined
    const { record, revision } = this.#index.item(number)
    const events = this.rules.ci.observe(
      record,
      this.#observation(commit, row, nameTaken),
      this.settings.classes,
    )
    if (row.operation === 'rename') this.#reserve(row, number, command)
    this.#references(commit, row, number, command)
    this.#append(`ci-${number}`, events, command, revision)
    this.tally.applies(row.file, row.row, events)
  }

  /** What is known of a CI from here on: it gets a number, which its row claims. */
  async #first(
    commit: Commit,
    row: ObservedItem,
    command: CommandMetadata,
    nameTaken: boolean,
  ): Promise<void> {
    const { ci } = this.rules
    const events = ci.observe(ci.initial, this.#observation(commit, row, nameTaken), this.settings.classes)
    // In its place among the rows: what stands before is written first.
    await this.flush()
    const number = this.context.dryRun ? `(row ${row.row})` : await this.#numbered(events, command)
    const stream = `ci-${number}`
    this.#remember(stream, newEvents(events, stream, command, this.context.actor.grant), 0)
    this.tally.applies(row.file, row.row, events)
    this.#settle(commit, row, number, command)
  }

  /** Writes a CI's first events under the next free number, or the one that a run which was killed had claimed. */
  async #numbered(events: readonly DomainEvent[], command: CommandMetadata): Promise<string> {
    const { store, source, actor } = this.context
    const claim = claimStream(source, command.commandId)
    const claimed = (number: string): ExternalIdClaimed => ({ type: 'ExternalIdClaimed', data: { number } })
    const of = (number: string) => newEvents(events, `ci-${number}`, command, actor.grant)
    const outcome = await settled(() =>
      store.appendNumbered({
        series: this.rules.ci.numbers,
        claim: {
          stream: claim,
          event: (number) => newEvents([claimed(number)], claim, command, actor.grant)[0]!,
        },
        events: of,
      }),
    )
    if (outcome.kind === 'appended') return outcome.number
    const { number } = outcome
    const stream = `ci-${number}`
    const request = { stream, expectedRevision: 'noStream', events: of(number) } as const
    if ((await settled(() => store.append(request))).kind === 'conflict') throw busy(stream)
    return number
  }

  /** What follows from a first row, unless it was done, or things have moved on. */
  #settle(commit: Commit, row: ObservedItem, number: string, command: CommandMetadata): void {
    const { known, revision } = this.#index.item(number)
    if (revision > 0 || known === undefined) return
    this.#reserve(row, number, command)
    this.#references(commit, row, number, command)
  }

  /** So that nobody registers another CI of the name. Once for each row: another CI of the source may have taken it since. */
  #reserve({ class: ofClass, name }: ObservedItem, ci: string, command: CommandMetadata): void {
    const { streamPrefix, id } = this.rules.ciName
    const stream = streamPrefix + id({ class: ofClass, name })
    const operation = command.commandId
    const { operations, revision } = this.#index.name(stream)
    if (operations.has(operation)) return
    const reserved: CiNameReserved = { type: 'CiNameReserved', data: { class: ofClass, name, ci, operation } }
    this.#append(stream, [reserved], command, revision)
  }

  /** Attributes that name a CI are relations besides, which end with the CI. */
  #references(commit: Commit, row: ObservedItem, number: string, command: CommandMetadata): void {
    const present = this.#index.item(number).known?.attributes ?? {}
    for (const { ofClass, attribute, type, class: target } of this.mapping.references) {
      if (ofClass !== row.class) continue
      const isRetired = row.operation === 'retire'
      const isFirst = row.operation === 'register'
      const before = isFirst ? null : (present[attribute] ?? null)
      const change = row.changes[attribute]
      const after = isRetired ? null : change === undefined ? before : change.after
      if (before === after) continue
      const relate = (operation: 'relate' | 'unrelate', name: unknown) => {
        if (typeof name !== 'string' || name === '') return
        const related = { type, source: { ci: number }, target: { name, class: target } }
        const events = this.#relate(operation, related, commit, command)
        for (const event of events ?? []) this.tally.wrote(event, `${row.file}:${row.row}`)
      }
      relate('unrelate', before)
      relate('relate', after)
    }
  }

  #observation(commit: Commit, row: ObservedItem, nameTaken: boolean) {
    const { operation, class: ofClass, name, changes, others } = row
    return {
      operation,
      class: ofClass,
      name,
      changes: changes as Record<string, { before: AttributeValue | null; after: AttributeValue | null }>,
      source: this.mapping.source,
      change: this.#numberOf(commit),
      sourceFields: fieldsOf(others),
      nameTaken,
    }
  }

  #append(stream: string, events: readonly DomainEvent[], command: CommandMetadata, revision: number): void {
    const request = newEvents(events, stream, command, this.context.actor.grant)
    const expectedRevision = revision < 0 ? 'noStream' : revision
    this.#requests.push({ stream, expectedRevision, events: request })
    this.#remember(stream, request, revision + 1)
  }

  /** Rules read neither positions nor `recordedAt`, which only the store will know. */
  #remember(stream: string, events: readonly NewEvent[], from: number): void {
    for (const [index, event] of events.entries()) {
      const metadata = { ...event.metadata, recordedAt: event.metadata.occurredAt }
      this.#index.add({ ...event, stream, revision: from + index, position: LOG_START, metadata })
    }
  }

  #command(commit: Commit, { hash, row }: RowPlace, of: string): CommandMetadata {
    const { store, actor, source, run } = this.context
    return {
      actor: actor.id,
      attributedTo: this.mapping.people + commit.attributedTo,
      channel: 'import',
      occurredAt: commit.occurredAt,
      commandId: derivedId('import-row', store.logId, source, of, hash, 0),
      keyed: false,
      correlationId: run,
      source: { name: source, externalId: commit.externalId, row, run },
    }
  }

  #numberOf({ key }: Commit): string {
    const { prefix, digits } = this.mapping.number
    return prefix + String(key).padStart(digits, '0')
  }

  #streamOf(commit: Commit): string {
    return this.rules.change.streamPrefix + this.#numberOf(commit)
  }
}

type RowPlaceFields = Readonly<Record<string, unknown>>

function fieldsOf(others: RowPlaceFields): RowPlaceFields | undefined {
  return Object.keys(others).length === 0 ? undefined : others
}

function textsOf(fields: RowPlaceFields): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  )
}

function busy(stream: string): Unavailable {
  return new Unavailable(
    'IMPORT.CONFIGURATION_BUSY',
    `Somebody else writes to ${stream}. Start the import again: it goes on where it was.`,
  )
}
