import type { RecordedEvent } from '#libs/event-sourcing'
import { type ChangeKnown, UNKNOWN_CHANGE } from '../../src/audit/domain/audited-change.js'
import {
  controlledAttributes,
  isUnauthorised,
  type Modification,
  type Verdict,
  verdictOn,
} from '../../src/audit/domain/verdicts.js'
import type { ChangeLink } from '../../src/changes/domain/change.events.js'
import type { CiEvent } from '../../src/configuration/domain/configuration.events.js'
import { DEFAULT_CI_CLASSES } from '../../src/settings/domain/ci-defaults.js'
import type { CiClass } from '../../src/settings/domain/settings.events.js'
import type { FindingBook, JudgedVerdict } from './finding.js'

/** What is known of each change, by its number: {@link ChangeKnown}. */
export const AUDITED_CHANGES = 'audit_changes'
/** Classes in force, as one document. */
export const CLASSES = 'audit_classes'
export const CLASSES_DOCUMENT = { collection: CLASSES, id: 'in-force' }
export const ITEMS = 'audit_items'
export const MODIFICATIONS = 'audit_modifications'

/** Items that are kept of one change. */
export const MOST_ITEMS = 2_000
const MOST_KEPT = 500

interface ItemKnown {
  class: string
  /** Modifications of it that name no change, the latest {@link MOST_KEPT}, until one that is linked late allows them. */
  unlinked: readonly string[]
}
interface ModificationKnown extends Modification {
  verdicts: readonly JudgedVerdict[]
}

/** What was modified, and whether a change allowed it. */
export class ModificationFindings {
  constructor(private readonly book: FindingBook) {}

  ofItem(event: RecordedEvent<CiEvent>): void {
    const { stream, type, data } = event
    this.#names(stream.slice('ci-'.length), data)
    if (type === 'CiRegistered' || type === 'CiReclassified') {
      const known = this.book.view.get<ItemKnown>(ITEMS, stream) ?? { class: '', unlinked: [] }
      const ofClass = type === 'CiRegistered' ? data.class : data.after
      this.book.view.put(ITEMS, stream, { ...known, class: ofClass } satisfies ItemKnown)
    } else if (type === 'CiChanged') {
      const after = Object.entries(data.changes).map(([name, change]) => [name, change.after] as const)
      this.#modified(event, data.change, after)
    } else if (type === 'CiCorrected')
      this.#modified(event, data.change, Object.entries(data.attributes ?? {}))
  }

  /** Of a commit of a source, which may touch the whole estate, no list is kept. */
  #names(item: string, data: object): void {
    const number = 'change' in data ? data.change : undefined
    if (typeof number !== 'string') return
    const known = this.book.view.get<ChangeKnown>(AUDITED_CHANGES, number) ?? UNKNOWN_CHANGE
    if (known.type === 'configuration-commit' || known.items.includes(item)) return
    if (known.items.length > MOST_ITEMS) return
    this.book.view.put(AUDITED_CHANGES, number, {
      ...known,
      items: [...known.items, item],
    } satisfies ChangeKnown)
  }

  #modified(
    { stream, id, metadata }: RecordedEvent<CiEvent>,
    change: string | undefined,
    after: readonly (readonly [string, Modification['values'][string]])[],
  ): void {
    const item = this.book.view.get<ItemKnown>(ITEMS, stream)
    const classes = this.book.view.get<{ classes: readonly CiClass[] }>(CLASSES, CLASSES_DOCUMENT.id)?.classes
    const controlled = controlledAttributes(classes ?? DEFAULT_CI_CLASSES, item?.class)
    const values = Object.fromEntries(after.filter(([attribute]) => controlled.has(attribute)))
    if (Object.keys(values).length === 0) return
    const known = change === undefined ? undefined : this.book.view.get<ChangeKnown>(AUDITED_CHANGES, change)
    if (known?.type === 'configuration-commit') return
    const modification = {
      id,
      ci: stream.slice('ci-'.length),
      at: metadata.occurredAt,
      actor: metadata.actor,
      change,
      byProgram: metadata.channel === 'policy',
      values,
      verdicts: [],
    }
    this.book.view.put(MODIFICATIONS, id, modification satisfies ModificationKnown)
    if (change !== undefined) {
      const named = known ?? UNKNOWN_CHANGE
      this.book.view.put(AUDITED_CHANGES, change, {
        ...named,
        modifications: latest([...named.modifications, id]),
      })
    } else if (item !== undefined)
      this.book.view.put(ITEMS, stream, { ...item, unlinked: latest([...item.unlinked, id]) })
    this.judge(id, known, change)
  }

  /**
   * A verdict that differs from the last one stands beside it. What one change authorises no other one takes back.
   * @param number of the change that it is judged by
   */
  judge(id: string, change: ChangeKnown | undefined, number: string | undefined): Verdict | undefined {
    const modification = this.book.view.get<ModificationKnown>(MODIFICATIONS, id)
    if (modification === undefined) return undefined
    const last = modification.verdicts.at(-1)
    if (last?.verdict === 'authorised' && number !== undefined && last.change !== number) return undefined
    const verdict = verdictOn(modification, change)
    if (last?.verdict === verdict && last.change === number) return verdict
    const judged: JudgedVerdict = { verdict, event: this.book.event.id, position: this.book.event.position }
    if (number !== undefined) judged.change = number
    const known = { ...modification, verdicts: [...modification.verdicts, judged] }
    this.book.view.put(MODIFICATIONS, id, known satisfies ModificationKnown)
    this.#tell(known, judged)
    return verdict
  }

  #tell(
    { id, ci, at, actor, values, verdicts }: ModificationKnown,
    { verdict, change }: JudgedVerdict,
  ): void {
    const standing = isUnauthorised(verdict)
    const key = `modification-outside-change/${id}`
    const known = this.book.known(key)
    if (known === undefined && !standing) return
    const events = [...(known?.events ?? []), id, ...verdicts.map(({ event }) => event)]
    this.book.put(key, {
      ...(known ?? this.book.now('modification-outside-change')),
      recordType: 'configuration-item',
      record: ci,
      change,
      at,
      persons: [actor],
      events: [...new Set(events)],
      standing,
      verdicts,
      details: Object.keys(values).sort(),
    })
  }

  /** What was done to an item without a change is judged by each that is linked to it afterwards, until one allows it. */
  linkedLate(number: string, change: ChangeKnown, { targetType, target }: ChangeLink): void {
    const item = this.#itemOf(targetType, target)
    if (item === undefined || item.unlinked.length === 0) return
    const allowed = item.unlinked.filter((id) => this.judge(id, change, number) === 'authorised')
    const modifications = latest([...new Set([...change.modifications, ...item.unlinked])])
    this.book.view.put(AUDITED_CHANGES, number, { ...change, modifications } satisfies ChangeKnown)
    const unlinked = item.unlinked.filter((id) => !allowed.includes(id))
    this.book.view.put(ITEMS, `ci-${target}`, { ...item, unlinked } satisfies ItemKnown)
  }

  /** What was judged by it because of the link has no change again. */
  unlinked(number: string, change: ChangeKnown, { targetType, target }: ChangeLink): void {
    const item = this.#itemOf(targetType, target)
    if (item === undefined) return
    const freed = change.modifications.filter((id) => {
      const modification = this.book.view.get<ModificationKnown>(MODIFICATIONS, id)
      return modification?.ci === target && modification.change === undefined
    })
    for (const id of freed) this.judge(id, undefined, undefined)
    const modifications = change.modifications.filter((id) => !freed.includes(id))
    this.book.view.put(AUDITED_CHANGES, number, { ...change, modifications } satisfies ChangeKnown)
    const unlinked = latest([...new Set([...item.unlinked, ...freed])])
    this.book.view.put(ITEMS, `ci-${target}`, { ...item, unlinked } satisfies ItemKnown)
  }

  #itemOf(targetType: string, ci: string): ItemKnown | undefined {
    return targetType === 'configuration-item' ? this.book.view.get<ItemKnown>(ITEMS, `ci-${ci}`) : undefined
  }
}

const latest = (ids: readonly string[]) => ids.slice(-MOST_KEPT)
