import { type Decider, type Fact, fact, type StreamFold } from '#libs/event-sourcing'
import type { ChangeEvent, ChangeLink } from '../../changes/domain/change.events.js'
import { DEFAULT_CI_CLASSES } from '../../settings/domain/defaults.js'
import type { CiClass, CiClassesPublished } from '../../settings/domain/settings.events.js'
import { type JudgeModifications } from './audit.commands.js'
import type { JudgementEvent } from './audit.events.js'
import { afterEvent, type ChangeKnown, UNKNOWN_CHANGE } from './audited-change.js'
import { type AuditedItem, auditedItem, type ItemModification } from './audited-item.js'
import { controlledAttributes, isUnauthorised, type Verdict, verdictOn } from './verdicts.js'

/** The last verdict on each modification, by its event's id; only of those that were unauthorised once. */
export interface Judgement {
  readonly verdicts: Readonly<Record<string, Verdict>>
}

/** What a judge asks of other streams. */
export interface JudgementFacts {
  item: Fact<AuditedItem>
  classes: Fact<readonly CiClass[]>
  change: Fact<JudgingChange>
}

/** A change, with the items that it is linked to. */
interface JudgingChange {
  known: ChangeKnown
  items: readonly string[]
}

const judgingChange: StreamFold<JudgingChange, ChangeEvent> = {
  initial: { known: UNKNOWN_CHANGE, items: [] },
  evolve({ known, items }, event) {
    if (event.type === 'ChangeLinked' && isItem(event.data.link))
      return { known, items: [...items, event.data.link.target] }
    if (event.type === 'ChangeUnlinked' && isItem(event.data.link))
      return { known, items: items.filter((item) => item !== event.data.link.target) }
    return { known: afterEvent(known, event), items }
  },
}

const classesInForce: StreamFold<readonly CiClass[], CiClassesPublished> = {
  initial: DEFAULT_CI_CLASSES,
  evolve: (classes, event) => (event.type === 'CiClassesPublished' ? event.data.classes : classes),
}

/** Records a verdict where it differs from the last one: nothing is taken back. */
export const judgementDecider: Decider<Judgement, JudgeModifications, JudgementEvent, JudgementFacts> = {
  streamPrefix: 'judgement-',
  initial: { verdicts: {} },
  facts: ({ data: { ci, change } }) => ({
    item: fact(`ci-${ci}`, auditedItem),
    classes: fact('settings-ci-classes', classesInForce),
    ...(change !== undefined && { change: fact(`change-${change}`, judgingChange) }),
  }),
  decide({ data: { ci, change } }, { verdicts }, facts) {
    const judging = change === undefined ? undefined : facts.change.value
    const linked = judging?.items.includes(ci) ?? false
    return facts.item.value.modifications
      .filter(
        (modification) => modification.change === change || (linked && modification.change === undefined),
      )
      .flatMap((modification) => {
        const judged = onlyControlled(modification, facts.classes.value)
        const attributes = Object.keys(judged.values).sort()
        if (attributes.length === 0) return []
        const verdict = verdictOn(judged, judging?.known)
        return recorded({ ci, change, modification, attributes }, verdict, verdicts[modification.id])
      })
  },
  evolve({ verdicts }, { type, data }) {
    const verdict = type === 'UnauthorisedChangeDetected' ? data.verdict : 'authorised'
    return { verdicts: { ...verdicts, [data.modification]: verdict } }
  },
}

function onlyControlled(modification: ItemModification, classes: readonly CiClass[]): ItemModification {
  const controlled = controlledAttributes(classes, modification.class)
  const values = Object.entries(modification.values).filter(([attribute]) => controlled.has(attribute))
  return { ...modification, values: Object.fromEntries(values) }
}

function recorded(
  about: { ci: string; change?: string; modification: ItemModification; attributes: readonly string[] },
  verdict: Verdict,
  last: Verdict | undefined,
): JudgementEvent[] {
  if (verdict === last) return []
  const { ci, change, attributes } = about
  const { id: modification, actor: by, at } = about.modification
  const data = { ci, ...(change !== undefined && { change }), modification, attributes, by, at }
  if (isUnauthorised(verdict))
    return [{ type: 'UnauthorisedChangeDetected', data: { ...data, verdict: verdict as never } }]
  return last === undefined || last === 'authorised' ? [] : [{ type: 'ModificationAuthorised', data }]
}

function isItem({ targetType }: ChangeLink): boolean {
  return targetType === 'configuration-item'
}
