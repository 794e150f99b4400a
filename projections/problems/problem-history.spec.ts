import { matches } from '#libs/read-store'
import { EventFactory, FakeClock, viewSpec } from '#libs/testing'
import type { ProblemEvent } from '../../src/problems/domain/problem.events.js'
import { inForceAt } from '../intervals.js'
import { type ProblemInterval, problemHistory, shownProblemInterval } from './problem-history.js'
import { foldProblemDetails, shownProblem } from './problems.js'

const time = (minute: number) => `2026-03-02T08:${String(minute).padStart(2, '0')}:00.000Z`

/** The story of a problem, one command a minute; of the last two, one command. */
const STORY: readonly (readonly [ProblemEvent, number, string])[] = [
  [{ type: 'ProblemOpened', data: { title: 'Mail', affectedCis: [], origin: 'reactive' } }, 0, 'open'],
  [
    {
      type: 'ProblemPrioritized',
      data: { impact: 1, urgency: 1, priority: 1, matrixVersion: 0, previous: null },
    },
    0,
    'open',
  ],
  [{ type: 'ProblemAssessmentStarted', data: {} }, 5, 'assess'],
  [{ type: 'ProblemWatcherAdded', data: { person: 'ben' } }, 7, 'watch'],
  // By a clock that runs behind: it counts no earlier than what came before
  [{ type: 'ProblemAnalysisStarted', data: {} }, 6, 'analyse'],
  [{ type: 'WorkaroundRecorded', data: { workaround: 'Wait', number: 1, previous: null } }, 9, 'known'],
  [{ type: 'KnownErrorDeclared', data: {} }, 9, 'known'],
]

describe('Problems at a past time', () => {
  const factory = new EventFactory(new FakeClock('2026-03-02T07:00:00.000Z'), 'problem-PRB0000001')
  const events = STORY.map(([event, minute, commandId]) =>
    factory.event(event, { occurredAt: time(minute), commandId }),
  )
  const intervals = [
    ...viewSpec(problemHistory)
      .given(...events)
      .collection<ProblemInterval>('problem_history')
      .all.values(),
  ]
  const at = (validAt: string, asOf?: string) =>
    intervals.filter((interval) => matches(inForceAt(validAt, asOf), interval as never))

  it('are shown as they were then, one for each', () => {
    expect(at(time(0)).map(({ state, priority }) => [state, priority])).toEqual([['New', 1]])
    expect(at(time(5)).map(({ state }) => state)).toEqual(['Assess'])
    expect(at(time(6)).map(({ state }) => state)).toEqual(['Assess'])
    expect(at(time(7))).toMatchObject([{ state: 'Root Cause Analysis', watchers: ['ben'] }])
    expect(at(time(9))).toMatchObject([{ workaround: 'Wait', knownError: true }])
    expect(at('2026-03-02T07:59:59.999Z')).toEqual([])
  })

  it('are those of a fold of the events that count, at every end of a command and every time', () => {
    for (const [index, { position, metadata }] of events.entries()) {
      if (events[index + 1]?.metadata.commandId === metadata.commandId) continue
      for (let minute = 0; minute <= 10; minute++) {
        let effectiveAt = ''
        const counted = events.slice(0, index + 1).filter(({ metadata: { occurredAt } }) => {
          if (occurredAt > effectiveAt) effectiveAt = occurredAt
          return effectiveAt <= time(minute)
        })
        const { details } = foldProblemDetails(counted)
        const expected = details === undefined ? [] : [shownProblem(details)]
        expect(at(time(minute), position).map(shownProblemInterval)).toEqual(expected)
      }
    }
  })
})
