import assert from 'node:assert/strict'
import fc from 'fast-check'
import { eventsAt, type RecordedEvent } from '#libs/event-sourcing'
import { matches } from '#libs/read-store'
import { EventFactory, FakeClock, viewSpec } from '#libs/testing'
import type { CabEvent } from '../../src/changes/domain/cab.events.js'
import type { ChangeEvent } from '../../src/changes/domain/change.events.js'
import { CHANGE_COLUMNS, foldChangeDetails } from '../change-details.js'
import { inForceAt } from '../intervals.js'
import { type ChangeInterval, changeHistory, INTERVALS } from './change-history.js'

type Told = RecordedEvent<ChangeEvent | CabEvent>
const SEED = Number(process.env.CHANGE_HISTORY_SEED ?? Date.now() % 1_000_000)
const RUNS = 1_000
const CHANGES = ['change-CHG0000001', 'change-CHG0000002'] as const
const BOARD = 'cab-CAB0000001'
const minute = (n: number) => `2026-03-02T08:${String(n).padStart(2, '0')}:00.000Z`
const window = (hour: number) => ({ start: `2026-03-05T${hour}:00:00.000Z`, end: `2026-03-05T23:00:00.000Z` })

const opened: ChangeEvent = {
  type: 'ChangeOpened',
  data: { type: 'normal', title: 'New release', affectedCis: [], proposedValues: [], requester: 'rita' },
}
const STEPS: readonly ChangeEvent[] = [
  { type: 'ChangeAssigned', data: { group: 'network', assignee: null, previousAssignee: null } },
  { type: 'ChangeAssigned', data: { group: 'network', assignee: 'ann', previousAssignee: null } },
  { type: 'ChangeAssessmentStarted', data: {} },
  { type: 'ChangePlanEdited', data: { changes: { window: { from: null, to: window(20) } } } },
  { type: 'ChangePlanEdited', data: { changes: { affectedCis: { from: [], to: ['CI0000001'] } } } },
  { type: 'ChangeSubmitted', data: { round: 1, period: window(20) } },
  { type: 'ChangeRejected', data: { round: 1, approval: 'A', hash: 'h', comment: null } },
  { type: 'ChangeWorkNoteAdded', data: { text: 'Looking' } },
  { type: 'ChangeClosed', data: {} },
]
const WORDS: readonly ((change: string) => CabEvent)[] = [
  (change) => ({ type: 'CabAgendaItemAdded', data: { change } }) as CabEvent,
  (change) => ({ type: 'CabAdviceGiven', data: { change, advice: 'defer', comment: null } }) as CabEvent,
  (change) => ({ type: 'CabAgendaItemRemoved', data: { change } }) as CabEvent,
]

/** Events of two changes, whose times repeat and run backwards, until the board speaks: that is never dated back. */
const anyLog = fc
  .array(
    fc.tuple(
      fc.constantFrom(...CHANGES),
      fc.integer({ min: 0, max: 6 }),
      fc.array(fc.constantFrom(...STEPS), { minLength: 1, maxLength: 3 }),
      fc.option(fc.constantFrom(...WORDS)),
    ),
    { minLength: 1, maxLength: 10 },
  )
  .map((commands) => {
    const factory = new EventFactory(new FakeClock(minute(0)))
    const known = new Set<string>()
    let spoken = false
    return commands.flatMap(([stream, when, steps, word], i): Told[] => {
      const isFirst = !known.has(stream)
      known.add(stream)
      spoken ||= word !== null && !isFirst
      const metadata = { occurredAt: minute(spoken ? 10 + i : when), commandId: `command-${i}` }
      if (word !== null && !isFirst)
        return [factory.event(word(stream.slice('change-'.length)), metadata, BOARD) as Told]
      return [...(isFirst ? [opened] : []), ...steps].map(
        (event) => factory.event(event, metadata, stream) as Told,
      )
    })
  })

const rowsOf = (log: readonly Told[]) => [
  ...viewSpec(changeHistory)
    .given(...log)
    .collection<ChangeInterval>(INTERVALS)
    .all.values(),
]
const columnsIn = (document: object) =>
  Object.fromEntries(
    Object.keys(CHANGE_COLUMNS).flatMap((column) => {
      const value = (document as Record<string, unknown>)[column]
      return value === undefined ? [] : [[column, value]]
    }),
  )

/** What the streams tell of a change at a point of both axes. */
function folded(log: readonly Told[], stream: string, validAt: string, asOf: string): object | undefined {
  const number = stream.slice('change-'.length)
  const own = eventsAt(
    log.filter((event) => event.stream === stream),
    { validAt, asOf },
  )
  const words = eventsAt(
    log.filter((event) => event.stream === BOARD),
    { validAt, asOf },
  ).filter(({ data }) => (data as { change: string }).change === number)
  const { details } = foldChangeDetails([...own, ...words].sort((a, b) => (a.position < b.position ? -1 : 1)))
  return details && columnsIn(details)
}

describe('The list of changes at a past point', () => {
  it('has of each change one row, as its streams tell it there', () => {
    let compared = 0
    fc.assert(
      fc.property(anyLog, (log) => {
        const rows = rowsOf(log)
        const ends = log.filter(({ metadata }, i) => metadata.commandId !== log[i + 1]?.metadata.commandId)
        for (const { position: asOf } of ends)
          for (const validAt of [...Array(8).keys(), 15, 20].map(minute))
            for (const stream of CHANGES) {
              const number = stream.slice('change-'.length)
              const found = rows.filter(
                (row) => row.number === number && matches(inForceAt(validAt, asOf), row),
              )
              const expected = folded(log, stream, validAt, asOf)
              assert.deepEqual(found.map(columnsIn), expected === undefined ? [] : [expected])
              compared += found.length
            }
      }),
      { seed: SEED, numRuns: RUNS },
    )
    expect(compared).toBeGreaterThan(RUNS)
  })

  it('knows on whose agenda it stood, though nothing else of it has changed', () => {
    const factory = new EventFactory(new FakeClock(minute(0)))
    const log = [
      factory.event(opened, { occurredAt: minute(0), commandId: 'command-1' }, CHANGES[0]),
      factory.event(WORDS[0]!('CHG0000001'), { occurredAt: minute(5), commandId: 'command-2' }, BOARD),
    ] as Told[]
    const at = (n: number) => rowsOf(log).filter((row) => matches(inForceAt(minute(n)), row))
    expect(at(4)[0]?.cabMeetings).toBeUndefined()
    expect(at(5)).toMatchObject([{ cabMeetings: ['CAB0000001'] }])
  })
})
