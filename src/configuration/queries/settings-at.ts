import type { Position, RecordedEvent } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import type {
  CiClass,
  CiClassesPublished,
  CiReconciliation,
  CiReconciliationPublished,
  CiRelationType,
  CiRelationTypesPublished,
} from '../../settings/domain/settings.events.js'
import { CI_CLASSES, type ClassCatalogue, lineage } from '../domain/ci.classes.js'
import { CI_RECONCILIATION } from '../domain/ci.facts.js'
import { CI_RELATION_TYPES } from '../domain/relation.decider.js'

/** The types of relations in force as of a position, which say which way impact flows. */
export async function relationTypesAt(store: EventStore, asOf: Position): Promise<readonly CiRelationType[]> {
  const published = await lastOf<CiRelationTypesPublished>(store, 'ci-relation-types', asOf)
  return published?.types ?? CI_RELATION_TYPES.fold.initial
}

/** By which attributes items are taken for the same one, as of a position. */
export async function reconciliationAt(store: EventStore, asOf: Position): Promise<CiReconciliation> {
  const published = await lastOf<CiReconciliationPublished>(store, 'ci-reconciliation', asOf)
  return published?.reconciliation ?? CI_RECONCILIATION.fold.initial.reconciliation
}

/** The tree of classes in force as of a position. */
export async function classTreeAt(store: EventStore, asOf: Position): Promise<ClassTree> {
  const published = await lastOf<CiClassesPublished>(store, 'ci-classes', asOf)
  return new ClassTree(published ?? CI_CLASSES.fold.initial)
}

async function lastOf<E extends CiClassesPublished | CiReconciliationPublished | CiRelationTypesPublished>(
  store: EventStore,
  setting: string,
  asOf: Position,
): Promise<E['data'] | undefined> {
  const events = (await store.readStream(
    `settings-${setting}`,
  )) as readonly unknown[] as readonly RecordedEvent<E>[]
  return events.findLast(({ position }) => position <= asOf)?.data
}

/** Which class stands below which, and what is to be told of their items: each line of classes is looked up once. */
export class ClassTree {
  readonly #lineages = new Map<string, readonly CiClass[]>()

  constructor(private readonly catalogue: ClassCatalogue) {}

  /** Whether a class is this one or stands below it. */
  isWithin(name: string | undefined, above: string): boolean {
    return name !== undefined && (name === above || this.#lineage(name).some((one) => one.name === above))
  }

  /** The class and all above it, the class itself first. */
  line(name: string): readonly string[] {
    return this.#lineage(name).map((one) => one.name)
  }

  /** Attributes without which an item counts as incomplete. */
  wanted(name: string): readonly string[] {
    return this.#lineage(name).flatMap(({ attributes }) =>
      Object.entries(attributes).flatMap(([attribute, { presence }]) =>
        presence === 'optional' ? [] : [attribute],
      ),
    )
  }

  /** The class and all above it. */
  #lineage(name: string): readonly CiClass[] {
    let line = this.#lineages.get(name)
    if (line === undefined) {
      line = lineage(this.catalogue, name).toReversed()
      this.#lineages.set(name, line)
    }
    return line
  }
}
