import { type Interval, merged, overlap, within } from '#libs/business-time'
import { canonicalJson } from '#libs/event-sourcing'
import type { Conflict, ConflictAppeared, ConflictCleared, ConflictInputs, Period } from './change.events.js'
import { ASSIGNEE_SCHEDULE, CI_SCHEDULE } from './schedule.decider.js'

/** Who uses a CI, or keeps a person busy, and when: number of the change → its time. */
export type BusyTimes = ReadonlyMap<string, Period>

/** The times of a named window; without `ci` it is for every item. */
export interface WindowTimes {
  readonly name: string
  readonly ci?: string
  /** Those that touch the time in question suffice. */
  readonly times: readonly Interval[]
}

/** All that conflicts follow from. */
export interface ConflictQuestion {
  readonly change: string
  readonly period: Period
  readonly affectedCis: readonly string[]
  readonly assignee: string | null
  /** Impact relations, one step from the affected CIs, either way, valid at the planned start. */
  readonly related: readonly { readonly ci: string; readonly relatedCi: string }[]
  readonly ciBusy: ReadonlyMap<string, BusyTimes>
  readonly assigneeBusy: BusyTimes
  readonly maintenance: readonly WindowTimes[]
  readonly blackouts: readonly WindowTimes[]
}

/**
 * Everything that gets into the way of a change, each once, in a fixed order. All times are half-open, [start, end): what ends
 * when another begins is no conflict. A CI that no maintenance window is for may be changed at any time.
 */
export function conflictsOf(question: ConflictQuestion): readonly Conflict[] {
  const { affectedCis, related, ciBusy, assignee, assigneeBusy } = question
  const affected = new Set(affectedCis)
  const found: Conflict[] = [
    ...affectedCis.flatMap((ci) => busy(question, { kind: 'ci-busy', ci }, ciBusy.get(ci))),
    ...related
      // A change of both is a conflict of the CI itself already.
      .filter(({ relatedCi }) => !affected.has(relatedCi))
      .flatMap(({ ci, relatedCi }) =>
        busy(question, { kind: 'related-ci-busy', ci, relatedCi }, ciBusy.get(relatedCi)),
      ),
    ...(assignee === null ? [] : busy(question, { kind: 'assignee-busy', assignee }, assigneeBusy)),
    ...affectedCis.flatMap((ci) => outsideMaintenance(question, ci)),
    ...inBlackout(question),
  ]
  return inOrder(found)
}

function busy(
  { change, period }: ConflictQuestion,
  about: Omit<Conflict, 'change' | 'period'>,
  times: BusyTimes = new Map(),
): Conflict[] {
  return [...times].flatMap(([other, time]) => {
    const common = other === change ? undefined : overlap(intervalOf(period), intervalOf(time))
    return common === undefined ? [] : [{ ...about, change: other, period: periodOf(common) }]
  })
}

function outsideMaintenance({ period, maintenance }: ConflictQuestion, ci: string): Conflict[] {
  const windows = maintenance.filter((window) => window.ci === undefined || window.ci === ci)
  if (windows.length === 0) return []
  const gap = firstGap(
    intervalOf(period),
    windows.flatMap(({ times }) => times),
  )
  if (gap === undefined) return []
  const window = [...new Set(windows.map(({ name }) => name))].sort().join(', ')
  return [{ kind: 'outside-maintenance-window', ci, window, period: periodOf(gap) }]
}

function firstGap(span: Interval, times: readonly Interval[]): Interval | undefined {
  let { start } = span
  for (const open of within(span, times)) {
    if (open.start > start) return { start, end: open.start }
    start = open.end
  }
  return start < span.end ? { start, end: span.end } : undefined
}

function inBlackout({ period, affectedCis, blackouts }: ConflictQuestion): Conflict[] {
  return blackouts
    .filter(({ ci }) => ci === undefined || affectedCis.includes(ci))
    .flatMap(({ name, ci, times }) =>
      within(intervalOf(period), times).map((common) => ({
        kind: 'in-blackout' as const,
        ...(ci !== undefined && { ci }),
        window: name,
        period: periodOf(common),
      })),
    )
}

/** Each conflict once, in the order of their texts. */
export function inOrder(conflicts: readonly Conflict[]): readonly Conflict[] {
  const byText = new Map(conflicts.map((conflict) => [canonicalJson(conflict), conflict]))
  return [...byText].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, conflict]) => conflict)
}

/** What has come and gone since the conflicts were looked for last. */
export function conflictEvents(
  known: readonly Conflict[],
  now: readonly Conflict[],
  inputs: ConflictInputs,
): readonly (ConflictAppeared | ConflictCleared)[] {
  const before = new Set(known.map(canonicalJson))
  const after = new Set(now.map(canonicalJson))
  return [
    ...known
      .filter((conflict) => !after.has(canonicalJson(conflict)))
      .map((conflict) => ({
        type: 'ConflictCleared' as const,
        data: { conflict, inputs: inputsOf(conflict, inputs) },
      })),
    ...now
      .filter((conflict) => !before.has(canonicalJson(conflict)))
      .map((conflict) => ({
        type: 'ConflictAppeared' as const,
        data: { conflict, inputs: inputsOf(conflict, inputs) },
      })),
  ]
}

/** What one finding follows from: an item with hundreds of neighbours has hundreds of calendars, of which it needs two. */
function inputsOf({ ci, relatedCi, assignee }: Conflict, inputs: ConflictInputs): ConflictInputs {
  const calendars = new Set([
    ...[ci, relatedCi].flatMap((name) => (name === undefined ? [] : [CI_SCHEDULE + name])),
    ...(assignee === undefined ? [] : [ASSIGNEE_SCHEDULE + assignee]),
  ])
  const own = <Value>(all: Readonly<Record<string, Value>>, wanted: (key: string) => boolean) =>
    Object.fromEntries(Object.entries(all).filter(([key]) => wanted(key)))
  return {
    ...inputs,
    related: inputs.related.filter((pair) => pair.ci === ci && pair.relatedCi === relatedCi),
    classes: own(inputs.classes, (name) => name === ci),
    calendars: own(inputs.calendars, (stream) => calendars.has(stream)),
  }
}

export function intervalOf({ start, end }: Period): Interval {
  return { start: Date.parse(start), end: Date.parse(end) }
}

export function periodOf({ start, end }: Interval): Period {
  return { start: new Date(start).toISOString(), end: new Date(end).toISOString() }
}

/** Whether every instant of the first lies in one of the others. */
export function isCovered(period: Period, by: readonly Period[]): boolean {
  const span = intervalOf(period)
  const [only, ...more] = within(span, merged(by.map(intervalOf)))
  return more.length === 0 && only?.start === span.start && only.end === span.end
}
