import type { RecordedEvent } from '#libs/event-sourcing'
import { afterEvent, type ChangeKnown, UNKNOWN_CHANGE } from '../src/audit/domain/audited-change.js'
import {
  controlledAttributes,
  isUnauthorised,
  type Modification,
  type Verdict,
  verdictOn,
} from '../src/audit/domain/verdicts.js'
import type { ChangeEvent } from '../src/changes/domain/change.events.js'
import { DEFAULT_CI_CLASSES } from '../src/settings/domain/ci-defaults.js'
import type { CiClass } from '../src/settings/domain/settings.events.js'

/** Whether a modification was allowed, by the rule of the audit, for whoever asks about it at a past point. */

export { isUnauthorised, type Modification, type Verdict }

/** What the events of a change, up to a point, say of what it allows. */
export function changeAsKnown(events: readonly RecordedEvent<ChangeEvent>[]): ChangeKnown {
  return events.reduce(afterEvent, UNKNOWN_CHANGE)
}

/**
 * @param ofClass class of the item
 * @param classes in force then; undefined: none were published
 * @param change undefined: it names none
 * @returns undefined when it touches nothing that only an approved change may modify
 */
export function verdictAsKnown(
  modification: Modification,
  ofClass: string | undefined,
  classes: readonly CiClass[] | undefined,
  change: ChangeKnown | undefined,
): Verdict | undefined {
  const controlled = controlledAttributes(classes ?? DEFAULT_CI_CLASSES, ofClass)
  const values = Object.entries(modification.values).filter(([attribute]) => controlled.has(attribute))
  if (values.length === 0) return undefined
  return verdictOn({ ...modification, values: Object.fromEntries(values) }, change)
}

/** Of a change that modified nothing under control: whether it was allowed at all. */
export function standingOf({ type, approved, ratified }: ChangeKnown): Verdict {
  if (type === 'configuration-commit') return 'not-assessable'
  return approved || ratified ? 'authorised' : 'not-approved'
}
