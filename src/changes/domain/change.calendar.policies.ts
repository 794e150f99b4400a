import { definePolicy, type Reaction } from '#libs/projections-runtime'
import type { RelationEvent } from '../../configuration/domain/configuration.events.js'
import type {
  BlackoutWindowsPublished,
  MaintenanceWindowsPublished,
} from '../../settings/domain/settings.events.js'
import { RecheckConflicts } from './change.commands.js'
import type { Period } from './change.events.js'
import { ASSIGNEE_SCHEDULE, CI_SCHEDULE } from './schedule.decider.js'
import type { CiReleased, CiReserved, ScheduleEvent } from './schedule.events.js'

/** Changes look for conflicts again when something moves that touches them. */

type Command = Extract<Reaction, { kind: 'command' }>

/** What a change that is finished meanwhile refuses does no harm. */
export function recheck(number: string, reason: string): Command {
  return { kind: 'command', build: (metadata) => new RecheckConflicts(number, {}, metadata), reason }
}

/** One calendar: who is in it, and whom the latest entry has touched. */
interface Calendar {
  busy: Readonly<Record<string, Period>>
  touched: readonly string[]
}
const EMPTY: Calendar = { busy: {}, touched: [] }

/** When a change comes, moves or goes in a calendar, the others that its old or new time overlaps are told. */
export const conflictWatch = definePolicy<Calendar, ScheduleEvent>({
  name: 'change_conflict_watch',
  from: [CI_SCHEDULE, ASSIGNEE_SCHEDULE],
  key: ({ stream }) => stream,
  initial: EMPTY,
  evolve: ({ busy }, { type, data }) => {
    const { [data.change]: before, ...others } = busy
    const now = type === 'CiReserved' || type === 'AssigneeReserved' ? data.period : undefined
    const times = [before, now].filter((time) => time !== undefined)
    const touched = Object.entries(others).flatMap(([change, period]) =>
      times.some((time) => time.start < period.end && period.start < time.end) ? [change] : [],
    )
    return { busy: now === undefined ? others : { ...others, [data.change]: now }, touched }
  },
  react: ({ data }, { touched }) =>
    touched.map((number) => recheck(number, `${data.change} moved in a calendar that it stands in`)),
})

/** The changes that keep CIs busy, by CI. */
interface Estate {
  byCi: Readonly<Record<string, readonly string[]>>
}

type Moved = CiReserved | CiReleased | RelationEvent | MaintenanceWindowsPublished | BlackoutWindowsPublished

/**
 * When windows are published, all that is busy looks again; when CIs are related, what is busy at one of them. The end of a
 * relation does not say between which CIs it was, nor a name at its end which CI it means: then all do.
 */
export const windowsMoved = definePolicy<Estate, Moved>({
  name: 'change_windows_moved',
  from: [CI_SCHEDULE, 'settings-maintenance-windows', 'settings-blackout-windows', 'relation-'],
  key: () => 'all',
  initial: { byCi: {} },
  evolve: (estate, event) => {
    if (event.type !== 'CiReserved' && event.type !== 'CiReleased') return estate
    const ci = event.stream.slice(CI_SCHEDULE.length)
    const { [ci]: known = [], ...others } = estate.byCi
    const rest = known.filter((number) => number !== event.data.change)
    const now = event.type === 'CiReserved' ? [...rest, event.data.change] : rest
    return { byCi: now.length === 0 ? others : { ...others, [ci]: now } }
  },
  react: (event, { byCi }) => {
    switch (event.type) {
      case 'CiReserved':
      case 'CiReleased':
        return []
      case 'MaintenanceWindowsPublished':
      case 'BlackoutWindowsPublished':
        return all(byCi).map((number) => recheck(number, 'Maintenance or blackout windows have changed'))
      case 'CiRelated':
      case 'RelationCorrected': {
        const { source, target } = event.data
        const numbers =
          'ci' in source && 'ci' in target
            ? all({ source: byCi[source.ci] ?? [], target: byCi[target.ci] ?? [] })
            : all(byCi)
        return numbers.map((number) => recheck(number, 'A configuration item that it affects was related'))
      }
      case 'CiUnrelated':
        return all(byCi).map((number) => recheck(number, 'Configuration items are related no longer'))
    }
  },
})

function all(byCi: Estate['byCi']): readonly string[] {
  return [...new Set(Object.values(byCi).flat())].sort()
}

export const calendarPolicies = [conflictWatch, windowsMoved] as const
