import type { CommandMetadata, Decider } from '#libs/event-sourcing'
import type { EventStore, NumberSeries } from '#libs/event-store'
import type { IncidentCommand } from '../incidents/domain/incident.commands.js'
import type { IncidentEvent } from '../incidents/domain/incident.events.js'
import type { PublishPriorityMatrix } from '../settings/domain/settings.commands.js'
import type { PriorityMatrixPublished } from '../settings/domain/settings.events.js'

/** The rules that turn rows into events. Imports run them and know nothing of what they look like inside. */
export interface ImportRules {
  // biome-ignore lint/suspicious/noExplicitAny: state and facts are the rules' own affair
  readonly incident: Decider<any, IncidentCommand, IncidentEvent, any>
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly priorityMatrix: Decider<any, PublishPriorityMatrix, PriorityMatrixPublished, any>
  /** Numbers for records that do not keep their own. */
  readonly incidentNumbers: NumberSeries
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
}

/** Metadata of what the run does by itself, now or as of a time of the source. */
export function runMetadata(
  { actor, run, clock }: RunContext,
  commandId: string,
  occurredAt = new Date(clock()).toISOString(),
): CommandMetadata {
  return { actor: actor.id, channel: 'import', occurredAt, commandId, keyed: false, correlationId: run }
}
