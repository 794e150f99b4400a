import type { Command, CommandMetadata, Decider, DomainEvent } from '#libs/event-sourcing'
import type { EventStore, NumberSeries } from '#libs/event-store'
import type { PublishPriorityMatrix } from '../settings/domain/settings.commands.js'
import type { PriorityMatrixPublished } from '../settings/domain/settings.events.js'
import type { RowRecordType } from './mapping.js'
import type { Observation } from './observation.js'

/** The rules of one kind of record. */
export interface RecordRules {
  // biome-ignore lint/suspicious/noExplicitAny: state, commands and facts are the rules' own affair
  readonly decider: Decider<any, any, DomainEvent, any>
  /** Numbers for records that do not keep their own. */
  readonly numbers: NumberSeries
  /** Type of a record's first event. */
  readonly opened: string
  /**
   * The command that records what a row says.
   * @param id undefined: the record has no number yet
   * @param matrixVersion the version of the priority matrix that the source's priorities are derived by; null: none
   */
  observe(
    id: string | undefined,
    row: Observation,
    matrixVersion: number | null,
    metadata: CommandMetadata,
  ): Command
  /** The command that hands an open record over to the policies; absent: none of them waits for that. */
  activate?(id: string, run: string, metadata: CommandMetadata): Command
}

/** The rules that turn rows into events. Imports run them and know nothing of what they look like inside. */
export interface ImportRules {
  /** By the record type that a mapping says. */
  readonly records: Readonly<Record<RowRecordType, RecordRules>>
  // biome-ignore lint/suspicious/noExplicitAny: state and facts are the rules' own affair
  readonly priorityMatrix: Decider<any, PublishPriorityMatrix, PriorityMatrixPublished, any>
}

/** The administrator who imports. */
export interface ImportActor {
  readonly id: string
  /** Id of the role grant that allows it. */
  readonly grant?: string
}

/** What all parts of one run share, whatever it imports. */
export interface RunContext {
  readonly store: EventStore
  readonly actor: ImportActor
  /** Name of the source, as the mapping says. */
  readonly source: string
  /** Id of the run: its stream is `import-<run>`. */
  readonly run: string
  /** Nothing is written. */
  readonly dryRun: boolean
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

/** Of a run that imports rows of records. */
export interface ImportContext extends RunContext {
  readonly rules: ImportRules
  /** Those of the records that the rows are of. */
  readonly kind: RecordRules
}

/** Metadata of what the run does by itself, now or as of a time of the source. */
export function runMetadata(
  { actor, run, clock }: RunContext,
  commandId: string,
  occurredAt = new Date(clock()).toISOString(),
): CommandMetadata {
  return { actor: actor.id, channel: 'import', occurredAt, commandId, keyed: false, correlationId: run }
}
