import type { RecordedEvent } from '#libs/event-sourcing'
import { type ChangeKnown, UNKNOWN_CHANGE } from '../../src/audit/domain/audited-change.js'
import {
  type ClassKnown,
  classAfter,
  modificationIn,
  underControl,
  type WrittenModification,
} from '../../src/audit/domain/audited-item.js'
import {
  isUnauthorised,
  type Modification,
  nextVerdict,
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
export const IN_FORCE = 'in-force'
export const ITEMS = 'audit_items'
export const MODIFICATIONS = 'audit_modifications'

/** Items that are kept of one change. */
export const MOST_ITEMS = 2_000
const MOST_KEPT = 500

interface ItemKnown extends ClassKnown {
  /** Modifications of it that name no change, the latest {@link MOST_KEPT}: changes that are linked late are asked about them. */
  unlinked: readonly string[]
}
interface ModificationKnown extends Modification {
  verdicts: readonly JudgedVerdict[]
}

const UNKNOWN_ITEM: ItemKnown = { class: '', unlinked: [] }

/** What was modified, and whether a change allowed it. */
export class ModificationFindings {
  constructor(private readonly book: FindingBook) {}

  ofItem(event: RecordedEvent<CiEvent>): void {
    this.#names(event)
    const { stream } = event
    const before = this.book.view.get<ItemKnown>(ITEMS, stream) ?? UNKNOWN_ITEM
    const known = classAfter(before, event)
    if (known !== before) this.book.view.put(ITEMS, stream, known satisfies ItemKnown)
    const written = modificationIn(event, known)
    if (written !== undefined) this.#modified(written, known)
  }

  /** Of what a commit of a source did, which may touch the whole estate, no list is kept. */
  #names({ stream, data, metadata }: RecordedEvent<CiEvent>): void {
    const item = stream.slice('ci-'.length)
    const number = 'change' in data ? data.change : undefined
    if (typeof number !== 'string') return
    const known = this.book.view.get<ChangeKnown>(AUDITED_CHANGES, number) ?? UNKNOWN_CHANGE
    if (known.items.includes(item) || known.items.length > MOST_ITEMS) return
    if (known.type === 'configuration-commit' && metadata.channel === 'import') return
    this.book.view.put(AUDITED_CHANGES, number, {
      ...known,
      items: [...known.items, item],
    } satisfies ChangeKnown)
  }

  #modified(written: WrittenModification, item: ItemKnown): void {
    const classes = this.book.view.get<{ classes: readonly CiClass[] }>(CLASSES, IN_FORCE)?.classes
    const modification = underControl(written, classes ?? DEFAULT_CI_CLASSES)
    if (modification === undefined) return
    const { id, ci, change, imported } = modification
    const named =
      change === undefined
        ? undefined
        : (this.book.view.get<ChangeKnown>(AUDITED_CHANGES, change) ?? UNKNOWN_CHANGE)
    if (named?.type === 'configuration-commit' && imported) return
    this.book.view.put(MODIFICATIONS, id, { ...modification, verdicts: [] } satisfies ModificationKnown)
    if (change === undefined)
      this.book.view.put(ITEMS, `ci-${ci}`, {
        ...item,
        unlinked: latest([...item.unlinked, id]),
      } satisfies ItemKnown)
    else this.#keep(change, named!, [...named!.modifications, id])
    this.judge(id, change)
  }

  /**
   * A verdict that differs from the last one stands beside it.
   * @param by number of the change of which something has become known
   */
  judge(id: string, by: string | undefined): void {
    const modification = this.book.view.get<ModificationKnown>(MODIFICATIONS, id)
    if (modification === undefined) return
    const next = nextVerdict(modification.verdicts, this.#judgesOf(modification, by), by)
    if (next === undefined) return
    const { id: event, position } = this.book.event
    const judged: JudgedVerdict = { ...next, event, position }
    const known = { ...modification, verdicts: [...modification.verdicts, judged] }
    this.book.view.put(MODIFICATIONS, id, known satisfies ModificationKnown)
    this.#tell(known, judged)
  }

  /** Verdicts of the change that it names, or of those that were linked to its item after it. */
  #judgesOf({ verdicts, ...modification }: ModificationKnown, by: string | undefined): Map<string, Verdict> {
    const numbers = [...verdicts.flatMap(({ change }) => change ?? []), ...(by === undefined ? [] : [by])]
    return new Map(
      numbers.flatMap((number) => {
        const change = this.book.view.get<ChangeKnown>(AUDITED_CHANGES, number)
        return change?.modifications.includes(modification.id)
          ? [[number, verdictOn(modification, change)] as const]
          : []
      }),
    )
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

  /** What was done to an item without a change is judged by each that is linked to it afterwards. */
  linkedLate(number: string, change: ChangeKnown, { targetType, target }: ChangeLink): void {
    const item = this.#itemOf(targetType, target)
    if (item === undefined || item.unlinked.length === 0) return
    this.#keep(number, change, [...new Set([...change.modifications, ...item.unlinked])])
    for (const id of item.unlinked) this.judge(id, number)
  }

  /** What it judged because of the link rests on the others that are linked, or has no change again. */
  unlinked(number: string, change: ChangeKnown, { targetType, target }: ChangeLink): void {
    if (targetType !== 'configuration-item') return
    const freed = change.modifications.filter((id) => {
      const modification = this.book.view.get<ModificationKnown>(MODIFICATIONS, id)
      return modification?.ci === target && modification.change === undefined
    })
    this.#keep(
      number,
      change,
      change.modifications.filter((id) => !freed.includes(id)),
    )
    for (const id of freed) this.judge(id, number)
  }

  #keep(number: string, change: ChangeKnown, modifications: readonly string[]): void {
    this.book.view.put(AUDITED_CHANGES, number, {
      ...change,
      modifications: latest(modifications),
    } satisfies ChangeKnown)
  }

  #itemOf(targetType: string, ci: string): ItemKnown | undefined {
    return targetType === 'configuration-item' ? this.book.view.get<ItemKnown>(ITEMS, `ci-${ci}`) : undefined
  }
}

const latest = (ids: readonly string[]) => ids.slice(-MOST_KEPT)
