import type { GroupStanding, PersonStanding } from '#libs/access'
import { InvalidInput, NotFound, Refused } from '#libs/event-sourcing'
import type { ProblemIncidentsLeftOut, ProblemState } from './problem.events.js'
import { isOpened, outcomeOf, type Problem, type ProblemRecord } from './problem.state.js'

interface Step {
  readonly from: readonly ProblemState[]
  readonly code: string
  readonly mend: string
}

const MIDDLE: readonly ProblemState[] = ['Assess', 'Root Cause Analysis', 'Fix in Progress']
const GOING_ON: readonly ProblemState[] = ['New', ...MIDDLE]

/** Steps of the lifecycle: from where they may be taken, and what to tell whoever tries from elsewhere. */
const STEPS = {
  assess: { from: ['New'], code: 'PROBLEM.NOT_NEW', mend: 'Only a New problem is assessed.' },
  analyse: {
    from: ['Assess'],
    code: 'PROBLEM.NOT_ASSESSED',
    mend: 'It is analysed once it has been assessed; what was analysed before is analysed again.',
  },
  reanalyse: {
    from: ['Fix in Progress', 'Resolved'],
    code: 'PROBLEM.NOT_ANALYSED',
    mend: 'Only what has been analysed can be analysed again.',
  },
  findCause: {
    from: [...MIDDLE, 'Resolved'],
    code: 'PROBLEM.NOT_ASSESSED',
    mend: 'Assess it first: then its cause is looked for.',
  },
  fix: {
    from: ['Root Cause Analysis'],
    code: 'PROBLEM.NOT_ANALYSED',
    mend: 'It is fixed once its cause has been analysed.',
  },
  resolve: {
    from: ['Fix in Progress'],
    code: 'PROBLEM.NOT_FIXING',
    mend: 'Only what is being fixed can be resolved; or accept the risk, cancel it, or mark it a duplicate.',
  },
  acceptRisk: {
    from: MIDDLE,
    code: 'PROBLEM.RISK_UNKNOWN',
    mend: 'The risk is accepted of what has been assessed and is not resolved.',
  },
  end: {
    from: GOING_ON,
    code: 'PROBLEM.RESOLVED',
    mend: 'It is Resolved: close it, or analyse it again.',
  },
  hold: {
    from: MIDDLE,
    code: 'PROBLEM.NOT_HOLDABLE',
    mend: 'Only what is being worked on, from Assess to Fix in Progress, can be put on hold.',
  },
  review: {
    from: ['Resolved'],
    code: 'PROBLEM.NOT_RESOLVED',
    mend: 'It is reviewed once it is resolved, and before it is closed.',
  },
  close: { from: ['Resolved'], code: 'PROBLEM.NOT_RESOLVED', mend: 'Resolve it before closing it.' },
} as const satisfies Record<string, Step>
export type ProblemStep = keyof typeof STEPS

/** What may be done while it is on hold. */
const WHILE_HELD: ReadonlySet<ProblemStep> = new Set(['end', 'hold', 'findCause', 'acceptRisk'])

/** Code of the refusal of a step from a state; undefined: it may be taken. */
export function refusalOf(step: ProblemStep, from: ProblemState): string | undefined {
  const { from: allowed, code }: Step = STEPS[step]
  if (allowed.includes(from)) return undefined
  return from === 'Closed' ? CLOSED : code
}

const CLOSED = 'PROBLEM.CLOSED'
const CLOSED_MEND = 'It is Closed for good: open a new problem and link it.'

/** @throws Refused `PROBLEM.ON_HOLD`; with the step's code when it may not be taken; `PROBLEM.CLOSED` */
export function requireStep(step: ProblemStep, { stage: { state }, hold }: Problem): void {
  if (hold !== null && !WHILE_HELD.has(step))
    throw new Refused('PROBLEM.ON_HOLD', `It is On Hold (${hold.reason}): resume it first.`, {
      state,
      holdReason: hold.reason,
    })
  const code = refusalOf(step, state)
  if (code !== undefined) throw new Refused(code, code === CLOSED ? CLOSED_MEND : STEPS[step].mend, { state })
}

/** @throws NotFound `PROBLEM.UNKNOWN` */
export function requireOpened(record: ProblemRecord): Problem {
  if (isOpened(record)) return record
  throw new NotFound('PROBLEM.UNKNOWN', 'There is no problem with this number: check the number.')
}

/** @throws Refused `PROBLEM.CLOSED` */
export function requireUnfinished({ stage: { state } }: Problem): void {
  if (state === 'Closed') throw new Refused(CLOSED, CLOSED_MEND, { state })
}

/**
 * Why no incident is linked to it any more; undefined: there still is a problem. Incidents are linked in every state in which there is:
 * what was behind one is often learned late.
 */
export function noProblemAnyMore(
  problem: Problem,
): Pick<ProblemIncidentsLeftOut['data'], 'because' | 'survivor'> | undefined {
  const { stage } = problem
  const outcome = outcomeOf(problem)
  if (stage.state === 'Closed' && outcome === 'duplicate')
    return { because: outcome, ...(stage.survivor !== null && { survivor: stage.survivor }) }
  return outcome === 'canceled' ? { because: outcome } : undefined
}

/** @throws Refused `PROBLEM.DUPLICATE`, `PROBLEM.CANCELED` */
export function requireBehindIncidents(problem: Problem): void {
  const ended = noProblemAnyMore(problem)
  if (ended === undefined) return
  const { because, survivor = null } = ended
  if (because === 'duplicate')
    throw new Refused('PROBLEM.DUPLICATE', `It is a duplicate of ${survivor}: link them to that one.`, {
      survivor,
    })
  throw new Refused(
    'PROBLEM.CANCELED',
    'It was canceled, there is no such problem: link them to another, or to a new one.',
  )
}

/** @throws InvalidInput `PROBLEM.TEXT_REQUIRED`, naming the fields that say nothing */
export function requireText(texts: Record<string, string | null | undefined>): void {
  const missing = Object.keys(texts).filter((name) => !texts[name]?.trim())
  if (missing.length === 0) return
  throw new InvalidInput(
    'PROBLEM.TEXT_REQUIRED',
    `Say something in ${missing.join(' and ')}.`,
    missing.map((name) => ({ pointer: `/${name}`, message: 'must not be empty' })),
  )
}

/** @throws InvalidInput `PROBLEM.PERSON_UNKNOWN`; Refused `PROBLEM.PERSON_INACTIVE` */
export function requirePerson(person: PersonStanding, id: string, pointer = '/assignee'): void {
  if (!person.exists)
    throw new InvalidInput('PROBLEM.PERSON_UNKNOWN', `There is no person "${id}": register her first.`, [
      { pointer, message: 'is no person' },
    ])
  if (!person.active)
    throw new Refused('PROBLEM.PERSON_INACTIVE', `"${id}" has left: choose somebody who is active.`)
}

/** @throws InvalidInput `PROBLEM.GROUP_UNKNOWN` */
export function requireGroup(group: GroupStanding, id: string): void {
  if (group.exists) return
  throw new InvalidInput('PROBLEM.GROUP_UNKNOWN', `There is no group "${id}": register it first.`, [
    { pointer: '/group', message: 'is no group' },
  ])
}
