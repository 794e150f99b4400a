import { definePolicy, type Reaction } from '#libs/projections-runtime'
import type {
  CiCorrected,
  CiReclassified,
  CiRenamed,
  CiRetired,
  RelationEnd,
  RelationEvent,
} from '../../configuration/domain/configuration.events.js'
import type {
  BlackoutWindowsPublished,
  CiClassesPublished,
  CiRelationTypesPublished,
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

/** The changes that keep CIs busy, by CI; and the names of these CIs, where they were told. */
interface Estate {
  byCi: Readonly<Record<string, readonly string[]>>
  names?: Readonly<Record<string, readonly string[]>>
}

type Moved =
  | CiReserved
  | CiReleased
  | CiRenamed
  | CiReclassified
  | CiRetired
  | CiCorrected
  | RelationEvent
  | CiClassesPublished
  | CiRelationTypesPublished
  | MaintenanceWindowsPublished
  | BlackoutWindowsPublished

/** What says otherwise which windows are for a CI, or what stands beside it, wherever that is. */
const FOR_ALL = {
  'settings-maintenance-windows': 'Maintenance or blackout windows have changed',
  'settings-blackout-windows': 'Maintenance or blackout windows have changed',
  'settings-ci-classes': 'The classes of configuration items have changed',
  'settings-ci-relation-types': 'The types of relations have changed',
} as const

/**
 * When windows, classes (windows may be for those above a class) or types of relations (impact may flow otherwise) are published,
 * all that is busy looks again. When CIs are related or are no longer, or one gets another name, by which relations may mean it, or
 * another class, which windows may be for, what is busy at one of them does. A relation that does not say between which CIs it
 * was concerns all; so does a busy CI that is retired, or said to have been otherwise: it is beside others no more, and only these see it.
 */
export const windowsMoved = definePolicy<Estate, Moved>({
  name: 'change_windows_moved',
  from: [CI_SCHEDULE, ...Object.keys(FOR_ALL), 'relation-', 'ci-'],
  key: (event) => (event.stream.startsWith('ci-') && !movesCi(event) ? undefined : 'all'),
  initial: { byCi: {} },
  evolve: (estate, event) => {
    switch (event.type) {
      case 'CiReserved':
        return reserved(estate, event.stream.slice(CI_SCHEDULE.length), event.data)
      case 'CiReleased':
        return released(estate, event.stream.slice(CI_SCHEDULE.length), event.data.change)
      case 'CiRenamed':
        return named(estate, event.stream.slice('ci-'.length), [event.data.after])
      case 'CiCorrected':
        return named(estate, event.stream.slice('ci-'.length), [event.data.name ?? []].flat())
      default:
        return estate
    }
  },
  react: (event, estate) => {
    const { byCi } = estate
    switch (event.type) {
      case 'CiReserved':
      case 'CiReleased':
        return []
      case 'CiRenamed':
      case 'CiReclassified': {
        const numbers = byCi[event.stream.slice('ci-'.length)] ?? []
        const what = event.type === 'CiRenamed' ? 'was renamed' : 'is of another class'
        return numbers.map((number) => recheck(number, `A configuration item that it affects ${what}`))
      }
      case 'CiRetired':
      case 'CiCorrected': {
        const busy = byCi[event.stream.slice('ci-'.length)] !== undefined
        const what = event.type === 'CiRetired' ? 'was retired' : 'was corrected'
        return busy ? all(byCi).map((number) => recheck(number, `A configuration item in use ${what}`)) : []
      }
      case 'MaintenanceWindowsPublished':
      case 'BlackoutWindowsPublished':
      case 'CiClassesPublished':
      case 'CiRelationTypesPublished':
        return all(byCi).map((number) => recheck(number, FOR_ALL[event.stream as keyof typeof FOR_ALL]))
      case 'CiRelated':
      case 'RelationCorrected':
        return busyAt(event.data, estate).map((number) =>
          recheck(number, 'A configuration item that it affects was related'),
        )
      case 'CiUnrelated':
        return busyAt(event.data, estate).map((number) =>
          recheck(number, 'A configuration item that it affects is related no longer'),
        )
    }
  },
})

/** What is said of a CI that conflicts may follow from. */
function movesCi({ type, data }: Moved): boolean {
  if (type === 'CiCorrected') return data.name !== undefined || data.status !== undefined
  return type === 'CiRenamed' || type === 'CiReclassified' || type === 'CiRetired'
}

function reserved(estate: Estate, ci: string, { change, names }: CiReserved['data']): Estate {
  const others = (estate.byCi[ci] ?? []).filter((number) => number !== change)
  const after = { ...estate, byCi: { ...estate.byCi, [ci]: [...others, change] } }
  return names === undefined ? after : { ...after, names: { ...estate.names, [ci]: names } }
}

function released(estate: Estate, ci: string, change: string): Estate {
  const { [ci]: known = [], ...byCi } = estate.byCi
  const rest = known.filter((number) => number !== change)
  if (rest.length > 0) return { ...estate, byCi: { ...byCi, [ci]: rest } }
  const { [ci]: _, ...names } = estate.names ?? {}
  return { byCi, names }
}

/** Another name for a CI that is busy, and whose names are known. */
function named(estate: Estate, ci: string, more: readonly string[]): Estate {
  const known = estate.names?.[ci]
  if (known === undefined) return estate
  return { ...estate, names: { ...estate.names, [ci]: [...new Set([...known, ...more])] } }
}

/** The changes that are busy at an end of the relation. */
function busyAt(
  { source, target }: { source?: RelationEnd; target?: RelationEnd },
  { byCi, names = {} }: Estate,
): readonly string[] {
  if (source === undefined || target === undefined) return all(byCi)
  const touches = (ci: string) =>
    [source, target].some((end) => ('ci' in end ? end.ci === ci : (names[ci]?.includes(end.name) ?? true)))
  return all(Object.fromEntries(Object.entries(byCi).filter(([ci]) => touches(ci))))
}

function all(byCi: Estate['byCi']): readonly string[] {
  return [...new Set(Object.values(byCi).flat())].sort()
}

export const calendarPolicies = [conflictWatch, windowsMoved] as const
