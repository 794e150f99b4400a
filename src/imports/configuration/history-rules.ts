import type { Decider, RecordedEvent } from '#libs/event-sourcing'
import type { NumberSeries } from '#libs/event-store'
import type { ImportChangeUpdate } from '../../changes/domain/change.commands.js'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import type { CiObservation, KnownCi } from '../../configuration/domain/ci.import.js'
import type { CiEvent, RelationEnd, RelationEvent } from '../../configuration/domain/configuration.events.js'
import type { RelationObservation } from '../../configuration/domain/relation.import.js'
import type { PublishCiClasses } from '../../settings/domain/settings.commands.js'
import type { CiClass, CiClassesPublished, CiRelationType } from '../../settings/domain/settings.events.js'

/** The classes in force. */
export type ClassesInForce = Pick<CiClassesPublished['data'], 'version' | 'classes'>

/**
 * The rules of configuration items and changes, handed in: imports run them and know nothing of what they look like inside. What
 * the rules know of a record is their own affair.
 */
export interface ConfigurationRules {
  // biome-ignore lint/suspicious/noExplicitAny: state and facts are the rules' own affair
  readonly change: Decider<any, ImportChangeUpdate, ChangeEvent, any>
  readonly ci: {
    readonly initial: unknown
    // biome-ignore lint/suspicious/noExplicitAny: as above
    evolve(record: any, event: RecordedEvent<CiEvent>): unknown
    // biome-ignore lint/suspicious/noExplicitAny: as above
    observe(record: any, observation: CiObservation, classes: ClassesInForce): readonly CiEvent[]
    // biome-ignore lint/suspicious/noExplicitAny: as above
    known(record: any): KnownCi | undefined
    readonly numbers: NumberSeries
  }
  /** Streams in which names are reserved. */
  readonly ciName: {
    readonly streamPrefix: string
    id(naming: { class: string; name: string }): string
  }
  readonly relation: {
    readonly initial: unknown
    // biome-ignore lint/suspicious/noExplicitAny: as above
    evolve(record: any, event: RecordedEvent<RelationEvent>): unknown
    // biome-ignore lint/suspicious/noExplicitAny: as above
    observe(record: any, observation: RelationObservation): readonly RelationEvent[]
    /** As it is stored, whichever way round it was said. */
    normalised(related: Related, types: readonly CiRelationType[]): Related
    id(related: Related): string
  }
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly classes: Decider<any, PublishCiClasses, CiClassesPublished, any>
  readonly defaultClasses: readonly CiClass[]
  readonly defaultRelationTypes: readonly CiRelationType[]
}

/** A type and two ends. */
export interface Related {
  readonly type: string
  readonly source: RelationEnd
  readonly target: RelationEnd
}
