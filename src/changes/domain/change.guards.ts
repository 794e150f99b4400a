import type { GroupStanding, PersonStanding } from '#libs/access'
import { InvalidInput, NotFound, Refused } from '#libs/event-sourcing'
import { intervalOf } from './change.conflicts.js'
import type { ChangeState, Conflict, Period } from './change.events.js'
import type { CiStanding } from './change.facts.js'
import { type Change, type ChangeRecord, isOpened } from './change.state.js'
import type { ChangeType } from './defaults.js'

interface Step {
  from: readonly ChangeState[]
  types?: readonly ChangeType[]
  code: string
  mend: string
}

/** Steps of the lifecycle: from where, and for which types they may be taken, and what to tell whoever tries otherwise. */
const STEPS = {
  assess: {
    from: ['New'],
    types: ['normal'],
    code: 'CHANGE.NOT_NEW',
    mend: 'Only a New normal change is assessed: return it to New first.',
  },
  submit: {
    from: ['Assess', 'Authorize'],
    types: ['normal'],
    code: 'CHANGE.NOT_ASSESSED',
    mend: 'A normal change is assessed before approval is asked: start with that.',
  },
  submitEmergency: {
    from: ['New', 'Authorize', 'Implement', 'Review'],
    types: ['emergency'],
    code: 'CHANGE.NOT_NEW',
    mend: 'Approval of an emergency is asked while it is New, its ratification until it is closed.',
  },
  schedule: {
    from: ['New'],
    types: ['standard'],
    code: 'CHANGE.NOT_NEW',
    mend: 'A standard change is scheduled while it is New; others need approval.',
  },
  implementBeforeApproval: {
    from: ['New', 'Authorize'],
    types: ['emergency'],
    code: 'CHANGE.NOT_EMERGENCY',
    mend: 'Only an emergency that is not approved yet may be implemented before approval.',
  },
  return: {
    from: ['Assess', 'Authorize'],
    code: 'CHANGE.NOT_RETURNABLE',
    mend: 'Only a change in Assess or Authorize goes back to New.',
  },
  implement: {
    from: ['Scheduled'],
    code: 'CHANGE.NOT_APPROVED',
    mend: 'It needs a standing approval: only a Scheduled change is implemented.',
  },
  end: {
    from: ['Implement'],
    code: 'CHANGE.NOT_IMPLEMENTING',
    mend: 'Start the implementation first.',
  },
  review: {
    from: ['Review'],
    code: 'CHANGE.NOT_IN_REVIEW',
    mend: 'It is reviewed once its implementation has ended, and before it is closed.',
  },
  close: {
    from: ['Review'],
    code: 'CHANGE.NOT_IN_REVIEW',
    mend: 'It is closed once its implementation has ended; cancel what is not to be done.',
  },
  cancel: {
    from: ['New', 'Assess', 'Authorize', 'Scheduled', 'Implement'],
    code: 'CHANGE.DONE',
    mend: 'What has been done cannot be canceled: open a change that reverts it.',
  },
  hold: {
    from: ['New', 'Assess', 'Authorize', 'Scheduled', 'Implement'],
    code: 'CHANGE.DONE',
    mend: 'Only what is not done yet can be put on hold.',
  },
  recheck: {
    from: ['Authorize', 'Scheduled', 'Implement'],
    code: 'CHANGE.NOT_BUSY',
    mend: 'Conflicts are looked for from Authorize to Implement.',
  },
} as const satisfies Record<string, Step>
export type ChangeStep = keyof typeof STEPS

const FINISHED: Partial<Record<string, { code: string; mend: string }>> = {
  Closed: { code: 'CHANGE.CLOSED', mend: 'It is Closed for good: open a new change.' },
  Canceled: { code: 'CHANGE.CANCELED', mend: 'It was Canceled: open a new change.' },
}
/** What people may still do, or may have to, while it is on hold. */
const WHILE_HELD: ReadonlySet<ChangeStep> = new Set(['cancel', 'hold', 'recheck'])

/** @throws Refused with the step's code when it may not be taken; `CHANGE.ON_HOLD` */
export function requireStep(step: ChangeStep, change: Change): void {
  const { from, types, code, mend }: Step = STEPS[step]
  const { state } = change.stage
  const allowed =
    (from as readonly string[]).includes(state) && (types?.includes(change.plan.type as ChangeType) ?? true)
  if (!allowed) {
    const finished = FINISHED[state]
    throw new Refused(finished?.code ?? code, finished?.mend ?? mend, {
      state,
      changeType: change.plan.type,
    })
  }
  if (change.hold !== null && !WHILE_HELD.has(step))
    throw new Refused('CHANGE.ON_HOLD', 'It is On Hold: resume it first, or cancel it.', { state })
}

/** @throws NotFound `CHANGE.UNKNOWN` */
export function requireOpened(record: ChangeRecord): Change {
  if (isOpened(record)) return record
  throw new NotFound('CHANGE.UNKNOWN', 'There is no change with this number: check the number.')
}

/** @throws Refused `CHANGE.CLOSED` or `CHANGE.CANCELED` */
export function requireUnfinished({ stage: { state } }: Change): void {
  const finished = FINISHED[state]
  if (finished) throw new Refused(finished.code, finished.mend, { state })
}

/** @throws InvalidInput `CHANGE.TEXT_REQUIRED`, naming the fields that say nothing */
export function requireText(texts: Record<string, string | null | undefined>): void {
  const missing = Object.keys(texts).filter((name) => !texts[name]?.trim())
  if (missing.length === 0) return
  throw new InvalidInput(
    'CHANGE.TEXT_REQUIRED',
    `Say something in ${missing.join(' and ')}.`,
    missing.map((name) => ({ pointer: `/${name}`, message: 'must not be empty' })),
  )
}

/** @throws InvalidInput `CHANGE.PERSON_UNKNOWN`; Refused `CHANGE.PERSON_INACTIVE` */
export function requirePerson(person: PersonStanding, id: string, pointer: string): void {
  if (!person.exists)
    throw new InvalidInput('CHANGE.PERSON_UNKNOWN', `There is no person "${id}": register her first.`, [
      { pointer, message: 'is no person' },
    ])
  if (!person.active)
    throw new Refused('CHANGE.PERSON_INACTIVE', `"${id}" has left: choose somebody who is active.`)
}

/** @throws InvalidInput `CHANGE.GROUP_UNKNOWN` */
export function requireGroup(group: GroupStanding, id: string): void {
  if (group.exists) return
  throw new InvalidInput('CHANGE.GROUP_UNKNOWN', `There is no group "${id}": register it first.`, [
    { pointer: '/group', message: 'is no group' },
  ])
}

/** @throws InvalidInput `CHANGE.CI_UNKNOWN` naming each CI that is not there, or is retired */
export function requireCis(
  cis: readonly string[],
  standing: (ci: string) => CiStanding,
  field: string,
): void {
  const errors = cis.flatMap((ci, index) =>
    standing(ci).live
      ? []
      : [
          {
            pointer: `/${field}/${index}`,
            message: standing(ci).exists ? `${ci} is retired` : `there is no ${ci}`,
          },
        ],
  )
  if (errors.length === 0) return
  throw new InvalidInput('CHANGE.CI_UNKNOWN', 'A plan is about configuration items that are there.', errors)
}

/**
 * Reads times a caller gave; canonical form, so that times compare as text.
 * @throws InvalidInput `CHANGE.PERIOD_MALFORMED`
 */
export function periodFrom({ start, end }: Period, pointer: string): Period {
  const times = intervalOf({ start, end })
  if (times.start < times.end)
    return { start: new Date(times.start).toISOString(), end: new Date(times.end).toISOString() }
  throw new InvalidInput(
    'CHANGE.PERIOD_MALFORMED',
    'A time has a start and, later, an end: ISO 8601 with a zone.',
    [{ pointer, message: 'must have a start that lies before its end' }],
  )
}

/** @throws Refused `CHANGE.WINDOW_OVER`: what can't be implemented any more nobody needs to allow */
export function requireTimeLeft(window: Period, now: string): void {
  if (window.end > now) return
  throw new Refused('CHANGE.WINDOW_OVER', 'Its window is over: edit that first.', { window })
}

/** @throws InvalidInput `CHANGE.TIME_MALFORMED`: no time, or one to come */
export function pastInstant(text: string, pointer: string, now: string): string {
  const milliseconds = Date.parse(text)
  const canonical = Number.isNaN(milliseconds) ? undefined : new Date(milliseconds).toISOString()
  if (canonical !== undefined && canonical <= now) return canonical
  throw new InvalidInput(
    'CHANGE.TIME_MALFORMED',
    `"${text}" must be a time that has passed: ISO 8601 with a zone.`,
    [{ pointer, message: 'must be an ISO 8601 time, not later than now' }],
  )
}

/** @throws Refused `CHANGE.NOT_DUE`: what a timer or policy wants was overtaken */
export function requireDue(due: boolean): void {
  if (due) return
  throw new Refused('CHANGE.NOT_DUE', 'The change has moved on since: nothing needs to be done.')
}

/** @throws Refused `CHANGE.IN_BLACKOUT` naming the blackouts that nobody has overridden */
export function refuseBlackouts(conflicts: readonly Conflict[], { overrides }: Change): void {
  const standing = conflicts.filter(
    ({ kind, window, period }) =>
      kind === 'in-blackout' &&
      !overrides.some(
        (override) =>
          override.window === window &&
          override.period.start <= period.start &&
          period.end <= override.period.end,
      ),
  )
  if (standing.length === 0) return
  throw new Refused(
    'CHANGE.IN_BLACKOUT',
    'Nothing is changed in a blackout: choose another time, or ask a change manager to override it.',
    { conflicts: standing },
  )
}
