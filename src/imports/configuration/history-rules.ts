import type { Decider } from '#libs/event-sourcing'
import type { NumberSeries } from '#libs/event-store'
import type { ClassCatalogue } from '../../configuration/domain/ci.classes.js'
import type { CiObservation } from '../../configuration/domain/ci.import.js'
import type { CiRecord } from '../../configuration/domain/ci.state.js'
import type { CiEvent, RelationEnd, RelationEvent } from '../../configuration/domain/configuration.events.js'
import type { RelationRecord } from '../../configuration/domain/relation.decider.js'
import type { RelationObservation } from '../../configuration/domain/relation.import.js'
import type { PublishCiClasses } from '../../settings/domain/settings.commands.js'
import type { CiClass, CiClassesPublished, CiRelationType } from '../../settings/domain/settings.events.js'

/** The rules of service configuration, handed in: imports run them and know nothing of what they look like inside. */
export interface ConfigurationRules {
  readonly ci: {
    readonly initial: CiRecord
    readonly evolve: Decider<CiRecord, never, CiEvent>['evolve']
    readonly observe: (
      record: CiRecord,
      observation: CiObservation,
      classes: ClassCatalogue,
    ) => readonly CiEvent[]
    readonly numbers: NumberSeries
  }
  /** Streams in which names are reserved. */
  readonly ciName: {
    readonly streamPrefix: string
    readonly id: (naming: { class: string; name: string }) => string
  }
  readonly relation: {
    readonly initial: RelationRecord
    readonly evolve: Decider<RelationRecord, never, RelationEvent>['evolve']
    readonly observe: (record: RelationRecord, observation: RelationObservation) => readonly RelationEvent[]
    /** As it is stored, whichever way round it was said. */
    readonly normalised: <R extends { type: string; source: RelationEnd; target: RelationEnd }>(
      related: R,
      types: readonly CiRelationType[],
    ) => { type: string; source: RelationEnd; target: RelationEnd }
    readonly id: (related: { type: string; source: RelationEnd; target: RelationEnd }) => string
  }
  // biome-ignore lint/suspicious/noExplicitAny: state and facts are the rules' own affair
  readonly classes: Decider<any, PublishCiClasses, CiClassesPublished, any>
  readonly defaultClasses: readonly CiClass[]
  readonly defaultRelationTypes: readonly CiRelationType[]
}
