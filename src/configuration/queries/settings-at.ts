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
import { CI_CLASSES } from '../domain/ci.classes.js'
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
  return new ClassTree(published?.classes ?? CI_CLASSES.fold.initial.classes)
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

/** Which class stands below which, and what is to be told of their items. */
export class ClassTree {
  readonly #classes: ReadonlyMap<string, CiClass>
  readonly #lineages = new Map<string, readonly string[]>()

  constructor(classes: readonly CiClass[]) {
    this.#classes = new Map(classes.map((one) => [one.name, one]))
  }

  /** Whether a class is this one or stands below it. */
  isWithin(name: string | undefined, above: string): boolean {
    return name !== undefined && this.#lineage(name).includes(above)
  }

  /** Attributes without which an item counts as incomplete. */
  wanted(name: string): readonly string[] {
    return this.#lineage(name).flatMap((one) =>
      Object.entries(this.#classes.get(one)?.attributes ?? {}).flatMap(([attribute, { presence }]) =>
        presence === 'optional' ? [] : [attribute],
      ),
    )
  }

  /** The class and all above it. */
  #lineage(name: string): readonly string[] {
    const known = this.#lineages.get(name)
    if (known) return known
    const line: string[] = []
    for (let at: string | null = name; at !== null && !line.includes(at); ) {
      line.push(at)
      at = this.#classes.get(at)?.parent ?? null
    }
    this.#lineages.set(name, line)
    return line
  }
}
