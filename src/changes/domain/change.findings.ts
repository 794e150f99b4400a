import { windowSchedule } from '#libs/business-time'
import { appliesTo } from '../../settings/domain/defaults.js'
import type { CiWindow } from '../../settings/domain/settings.events.js'
import type { ChangeCommand } from './change.commands.js'
import {
  type ConflictQuestion,
  conflictEvents,
  conflictsOf,
  intervalOf,
  type WindowTimes,
} from './change.conflicts.js'
import type { ChangeEvent, Conflict, ConflictInputs, Period } from './change.events.js'
import { type ChangeFacts, ciCalendarName, classesOf } from './change.facts.js'
import { type Change, periodOfChange } from './change.state.js'
import { surroundingsOf } from './change.surroundings.js'

/** The conflicts as they are now, and what has come and gone since they were looked for last. */
export function conflictsNow(
  command: ChangeCommand,
  change: Change,
  known: ChangeFacts,
): { conflicts: readonly Conflict[]; events: readonly ChangeEvent[] } {
  const period = periodOfChange(change)
  if (period === null) return { conflicts: [], events: [] }
  const inputs = inputsOf(command, change, known, period)
  const conflicts = conflictsOf(questionOf(command.id ?? '', change, known, inputs))
  return { conflicts, events: conflictEvents(change.conflicts, conflicts, inputs) }
}

function inputsOf(
  command: ChangeCommand,
  change: Change,
  known: ChangeFacts,
  period: Period,
): ConflictInputs {
  const { affectedCis } = change.plan
  const surroundings = surroundingsOf(command, change)
  const { related = [], classes = {}, truncated, position } = surroundings ?? {}
  const calendars = [
    ...[...affectedCis, ...related.map(({ relatedCi }) => relatedCi)].map((ci) => known[ciCalendarName(ci)]),
    change.assignee === null ? undefined : known.assigneeCalendar,
  ]
  return {
    period,
    ...(change.assignee !== null && { assignee: change.assignee }),
    related,
    classes: Object.fromEntries(affectedCis.map((ci) => [ci, classes[ci] ?? classesOf(ci, known)])),
    calendars: Object.fromEntries(
      calendars.flatMap((calendar) => (calendar === undefined ? [] : [[calendar.stream, calendar.revision]])),
    ),
    maintenanceVersion: known.maintenance.value.version,
    blackoutVersion: known.blackouts.value.version,
    ...(truncated && { truncated }),
    viewPosition: position,
  }
}

function questionOf(
  number: string,
  change: Change,
  known: ChangeFacts,
  inputs: ConflictInputs,
): ConflictQuestion {
  const { affectedCis } = change.plan
  const cis = [...affectedCis, ...inputs.related.map(({ relatedCi }) => relatedCi)]
  return {
    change: number,
    period: inputs.period,
    affectedCis,
    assignee: change.assignee,
    related: inputs.related,
    ciBusy: new Map(cis.map((ci) => [ci, known[ciCalendarName(ci)]?.value ?? new Map()])),
    assigneeBusy: change.assignee === null ? new Map() : known.assigneeCalendar.value,
    maintenance: windowTimes(known.maintenance.value.windows, inputs),
    blackouts: windowTimes(known.blackouts.value.windows, inputs),
  }
}

/** The windows that are for an affected CI, each with the times that touch the change's. */
function windowTimes(
  windows: readonly CiWindow[],
  { period, classes }: ConflictInputs,
): readonly WindowTimes[] {
  return windows.flatMap((window): WindowTimes[] => {
    const { name } = window
    const times = windowSchedule([window.window])(intervalOf(period))
    if (window.appliesTo.cis === undefined && window.appliesTo.classes === undefined) return [{ name, times }]
    return Object.entries(classes)
      .filter(([number, above]) => appliesTo(window, { number, classes: above }))
      .map(([ci]) => ({ name, ci, times }))
  })
}
