import {
  type Decider,
  type Fact,
  type FactQuestions,
  fact,
  LOG_START,
  type Position,
  type StreamFold,
} from '#libs/event-sourcing'
import type { ChangeEvent, ChangeLink } from '../../changes/domain/change.events.js'
import { DEFAULT_CI_CLASSES } from '../../settings/domain/defaults.js'
import type { CiClass, CiClassesPublished } from '../../settings/domain/settings.events.js'
import type { JudgeModifications } from './audit.commands.js'
import type { JudgementEvent } from './audit.events.js'
import { afterEvent, type ChangeKnown, UNKNOWN_CHANGE } from './audited-change.js'
import { type AuditedItem, auditedItem, underControl, type WrittenModification } from './audited-item.js'
import {
  isUnauthorised,
  type Modification,
  nextVerdict,
  type ToldVerdict,
  type Verdict,
  verdictOn,
} from './verdicts.js'

/** What was told of each modification of an item, by its event's id; only of those that were unauthorised once. */
export interface Judgement {
  readonly told: Readonly<Record<string, readonly ToldVerdict[]>>
}

/** What a judge asks of other streams. */
export interface JudgementFacts {
  item: Fact<AuditedItem>
  classes: Fact<ClassHistory>
  /** Each change that modifications may rest on. */
  [change: `change ${string}`]: Fact<JudgingChange>
}

/** A change, with the items that it is linked to, and since when. */
interface JudgingChange {
  known: ChangeKnown
  linkedAt: Readonly<Record<string, Position>>
}

const judgingChange: StreamFold<JudgingChange, ChangeEvent> = {
  initial: { known: UNKNOWN_CHANGE, linkedAt: {} },
  evolve({ known, linkedAt }, event) {
    if (event.type === 'ChangeLinked' && isItem(event.data.link))
      return { known, linkedAt: { ...linkedAt, [event.data.link.target]: event.position } }
    if (event.type === 'ChangeUnlinked' && isItem(event.data.link)) {
      const { [event.data.link.target]: _, ...others } = linkedAt
      return { known, linkedAt: others }
    }
    return { known: afterEvent(known, event), linkedAt }
  },
}

/** All versions of the classes, and from where on each was in force. */
type ClassHistory = readonly { from: Position; classes: readonly CiClass[] }[]

const classHistory: StreamFold<ClassHistory, CiClassesPublished> = {
  initial: [{ from: LOG_START, classes: DEFAULT_CI_CLASSES }],
  evolve: (versions, { type, position: from, data }) =>
    type === 'CiClassesPublished' ? [...versions, { from, classes: data.classes }] : versions,
}

/** Records a verdict where it differs from the last one: nothing is taken back. */
export const judgementDecider: Decider<Judgement, JudgeModifications, JudgementEvent, JudgementFacts> = {
  streamPrefix: 'judgement-',
  initial: { told: {} },
  facts: ({ id, data: { change } }) => ({
    item: fact(`ci-${id}`, auditedItem),
    classes: fact('settings-ci-classes', classHistory),
    ...asked(change === undefined ? [] : [change]),
  }),
  furtherFacts: (_, { told }, { item }) => asked(heeded(item?.value.modifications ?? [], told)),
  decide({ data: { change: by } }, { told }, facts) {
    return facts.item.value.modifications.flatMap((written) => {
      // What a source told is a finding, and nothing that happens here
      if (written.imported || (written.change !== undefined && written.change !== by)) return []
      const modification = underControl(written, classesAt(facts.classes.value, written.position))
      if (modification === undefined) return []
      const before = told[written.id] ?? []
      const judges = judgesOf(modification, written.position, before, by, facts)
      return toBeTold(modification, before, judges, by).map((verdict) => recorded(modification, verdict))
    })
  },
  evolve({ told }, { type, data }) {
    const { modification, change } = data
    const verdict = type === 'UnauthorisedChangeDetected' ? data.verdict : 'authorised'
    const before = told[modification] ?? []
    return { told: { ...told, [modification]: [...before, { verdict, ...(change && { change }) }] } }
  },
}

function asked(changes: readonly string[]): Partial<FactQuestions<JudgementFacts>> {
  return Object.fromEntries(
    changes.map((change) => [`change ${change}` as const, fact(`change-${change}`, judgingChange)]),
  )
}

/** Changes by which modifications that name none were judged. */
function heeded(modifications: readonly WrittenModification[], told: Judgement['told']): readonly string[] {
  const unnamed = modifications.filter(({ change }) => change === undefined)
  return [...new Set(unnamed.flatMap(({ id }) => changesIn(told[id] ?? [])))]
}

function changesIn(told: readonly ToldVerdict[]): readonly string[] {
  return told.flatMap(({ change }) => change ?? [])
}

function classesAt(versions: ClassHistory, position: Position): readonly CiClass[] {
  return (versions.findLast(({ from }) => from < position) ?? versions[0]!).classes
}

/** Verdicts of the change that a modification names, or of those that were linked to its item after it. */
function judgesOf(
  modification: Modification,
  position: Position,
  told: readonly ToldVerdict[],
  by: string | undefined,
  facts: JudgementFacts,
): ReadonlyMap<string, Verdict> {
  const { ci, change: named } = modification
  const numbers = named === undefined ? [...changesIn(told), ...(by === undefined ? [] : [by])] : [named]
  return new Map(
    numbers.flatMap((number) => {
      const change = facts[`change ${number}`]?.value
      if (change === undefined) return []
      const { known, linkedAt } = change
      if (named === undefined && !isLinkedLate(known, linkedAt[ci], position)) return []
      return [[number, verdictOn(modification, known)] as const]
    }),
  )
}

function isLinkedLate({ type }: ChangeKnown, linked: Position | undefined, modified: Position): boolean {
  return type !== 'configuration-commit' && linked !== undefined && linked > modified
}

/** What names no change has none at first, whatever was linked before anybody came to judge; what was always allowed is not told. */
function toBeTold(
  { change: named }: Modification,
  told: readonly ToldVerdict[],
  judges: ReadonlyMap<string, Verdict>,
  by: string | undefined,
): readonly ToldVerdict[] {
  const first: readonly ToldVerdict[] =
    named === undefined && told.length === 0 ? [{ verdict: 'no-change' }] : []
  const before = [...told, ...first]
  const next = nextVerdict(before, judges, by)
  if (next === undefined || (before.length === 0 && !isUnauthorised(next.verdict))) return first
  return [...first, next]
}

function recorded(modification: Modification, { verdict, change }: ToldVerdict): JudgementEvent {
  const { ci, id, actor: by, at, values } = modification
  const attributes = Object.keys(values).sort()
  const data = { ci, ...(change !== undefined && { change }), modification: id, attributes, by, at }
  return isUnauthorised(verdict)
    ? { type: 'UnauthorisedChangeDetected', data: { ...data, verdict: verdict as never } }
    : { type: 'ModificationAuthorised', data }
}

function isItem({ targetType }: ChangeLink): boolean {
  return targetType === 'configuration-item'
}
