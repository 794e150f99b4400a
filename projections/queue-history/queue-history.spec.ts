import assert from 'node:assert/strict'
import fc from 'fast-check'
import { LOG_START, type RecordedEvent } from '#libs/event-sourcing'
import { and, compare, eq, matches } from '#libs/read-store'
import { EventFactory, FakeClock, viewSpec } from '#libs/testing'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import { applyToHead, type IncidentHead, openHead } from '../incident-folds.js'
import { IncidentStory } from '../incident-story.fixture.js'
import { inForceAt } from '../intervals.js'
import { type QueueInterval, queueHistory } from './queue-history.js'

const intervalsById = (events: readonly RecordedEvent<IncidentEvent>[]) =>
  viewSpec(queueHistory)
    .given(...events)
    .collection<QueueInterval>('queue_history').all

const intervalsOf = (events: readonly RecordedEvent<IncidentEvent>[]) => [...intervalsById(events).values()]

const minute = (n: number) => `2026-03-02T08:${String(n).padStart(2, '0')}:00.000Z`
const at = (n: number) => ({ occurredAt: minute(n) })

describe('A queue at a past time', () => {
  const story = new IncidentStory()
    .opened({}, at(0))
    .queued('group-mail', at(0))
    .add('WorkStarted', {}, at(5))
    .add('CommentAdded', { text: 'looking' }, at(6))
    .queued('group-network', at(10))
    .add('IncidentClosed', { cause: 'agent' }, at(20))
  const intervals = intervalsOf(story.events)
  const queue = (group: string, validAt: number) =>
    intervals
      .filter((row) =>
        matches(
          and(eq('assignmentGroup', group), compare('state', '!=', 'Closed'), inForceAt(minute(validAt))),
          row,
        ),
      )
      .map(({ state }) => state)

  it('shows a record where it was then, as it was then', () => {
    expect(queue('group-mail', 0)).toEqual(['New'])
    expect(queue('group-mail', 7)).toEqual(['In Progress'])
    expect(queue('group-mail', 10)).toEqual([])
    expect(queue('group-network', 19)).toEqual(['In Progress'])
    expect(queue('group-network', 20)).toEqual([])
  })

  it('shows nothing of a record that did not exist yet', () => {
    expect(intervals.filter((row) => matches(inForceAt('2026-03-02T07:59:59.999Z'), row))).toEqual([])
  })

  it('opens an interval for changes of what it tracks only', () => {
    expect(intervals).toHaveLength(5)
  })

  it('takes all events of a command as one step', () => {
    const metadata = { ...at(0), commandId: 'command-1' }
    const opened = new IncidentStory().opened({}, metadata).queued('group-mail', metadata)
    expect(intervalsOf(opened.events)).toMatchObject([
      { assignmentGroup: 'group-mail', positionFrom: opened.events[0]?.position },
    ])
  })

  it('shows at the same minute what was known before the next event', () => {
    const [opened] = story.events
    const shown = intervals.filter((row) => matches(inForceAt(minute(0), opened?.position), row))
    expect(shown).toMatchObject([{ state: 'New', validFrom: minute(0), validTo: minute(0) }])
    expect(shown[0]?.assignmentGroup).toBeUndefined()
  })
})

describe('A back-dated row of an import', () => {
  it('counts no earlier than what the record already told', () => {
    const story = new IncidentStory()
      .opened({}, at(0))
      .add('UpdateObserved', {}, at(9))
      .add('WorkStarted', {}, { ...at(5), channel: 'import' })
    const working = intervalsOf(story.events).find(({ state }) => state === 'In Progress')
    expect(working?.validFrom).toBe(minute(9))
  })
})

/** Events of two records, whose times repeat and run backwards; a command appends one to three of them. */
const anyLog = fc
  .array(
    fc.tuple(
      fc.constantFrom('incident-INC0000001', 'incident-INC0000002'),
      fc.integer({ min: 0, max: 6 }),
      fc.array(anyStep(), { minLength: 1, maxLength: 3 }),
    ),
    { minLength: 1, maxLength: 9 },
  )
  .map((commands) => {
    const factory = new EventFactory(new FakeClock(minute(0)))
    const told = new Set<string>()
    return commands.flatMap(([stream, when, steps], i) => {
      const events = told.has(stream) ? steps : [OPENING, ...steps]
      told.add(stream)
      const metadata = { ...at(when), commandId: `command-${i}` }
      return events.map((event) => factory.event(event, metadata, stream) as RecordedEvent<IncidentEvent>)
    })
  })

/** Positions at which whole commands have been appended. */
function endsOfCommands(events: readonly RecordedEvent<IncidentEvent>[]): string[] {
  return events
    .filter(({ metadata }, i) => metadata.commandId !== events[i + 1]?.metadata.commandId)
    .map(({ position }) => position)
}

const OPENING = {
  type: 'IncidentOpened',
  data: { title: 'Mail is slow', caller: 'person-cora', audience: { kind: 'public' } },
} as IncidentEvent

function anyStep(): fc.Arbitrary<IncidentEvent> {
  const person = fc.constantFrom('person-ann', 'person-bob')
  const group = fc.constantFrom('group-mail', 'group-network', null)
  const event = (type: string, data: object) => ({ type, data }) as IncidentEvent
  return fc.oneof(
    group.map((to) => event('AssignedToGroup', { group: to, previousGroup: null, previousPerson: null })),
    person.map((to) => event('AssignedToPerson', { person: to, previousPerson: null })),
    person.map((to) => event('IncidentAccepted', { person: to, previousPerson: null })),
    fc
      .integer({ min: 1, max: 3 })
      .map((priority) =>
        event('PriorityDerived', { impact: 1, urgency: 1, priority, matrixVersion: 1, previous: null }),
      ),
    person.map((to) => event('WatcherAdded', { person: to })),
    person.map((to) => event('WatcherRemoved', { person: to })),
    person.map((to) => event('IncidentDetailsChanged', { changes: { caller: { from: null, to } } })),
    fc
      .constantFrom({ kind: 'public' }, { kind: 'groups', groups: ['group-hr'] })
      .map((audience) => event('AudienceChanged', { audience, previous: { kind: 'public' } })),
    fc
      .constantFrom('WorkStarted', 'IncidentClosed', 'IncidentResolved', 'UpdateObserved', 'CommentAdded')
      .map((type) => event(type, {})),
  )
}

/** The law: fold, in stream order, the events with position ≤ p and effective time ≤ v. */
function foldedAt(
  events: readonly RecordedEvent<IncidentEvent>[],
  stream: string,
  validAt: string,
  asOf: string,
): IncidentHead | undefined {
  let head: IncidentHead | undefined
  let effectiveAt = ''
  for (const event of events) {
    if (event.stream !== stream) continue
    if (event.metadata.occurredAt > effectiveAt) effectiveAt = event.metadata.occurredAt
    if (event.position > asOf || effectiveAt > validAt) continue
    if (event.type === 'IncidentOpened') {
      head = { title: event.data.title } as IncidentHead
      openHead(head, event)
    } else applyToHead(head as IncidentHead, event)
  }
  return head
}

/** The head of an interval, without its bounds. */
function shownOf(interval: QueueInterval): Partial<QueueInterval> {
  const bounds = ['type', 'validFrom', 'validTo', 'positionFrom', 'positionTo', 'effectiveAt', 'begunBy']
  return Object.fromEntries(Object.entries(interval).filter(([field]) => !bounds.includes(field)))
}

/** Each record shows, at every (validAt, asOf), the fold of the prefix of its stream up to both. */
const lawOf = (inForce: typeof inForceAt) =>
  fc.property(anyLog, (events) => {
    const rows = [...intervalsById(events)]
    for (const asOf of [LOG_START, ...endsOfCommands(events)])
      for (let v = 0; v <= 7; v++) {
        const shown = rows.filter(([, row]) => matches(inForce(minute(v), asOf), row))
        for (const stream of ['incident-INC0000001', 'incident-INC0000002']) {
          const ofRecord = shown.filter(([id]) => id.startsWith(stream)).map(([, row]) => shownOf(row))
          const expected = foldedAt(events, stream, minute(v), asOf)
          assert.deepEqual(ofRecord.map(withoutAbsent), expected ? [withoutAbsent(expected)] : [])
        }
      }
  })

const withoutAbsent = (document: object) => JSON.parse(JSON.stringify(document))

describe('The intervals in force at (validAt, asOf)', () => {
  it('are, for each record, the fold of the prefix of its stream up to both', () => {
    fc.assert(lawOf(inForceAt), { numRuns: 200 })
  })

  it('would not be if times alone told them apart: the law is seen to fail', () => {
    const byTime = (validAt: string, asOf?: string) =>
      and(inForceAt(validAt), compare('positionFrom', '<=', asOf as string))
    expect(fc.check(lawOf(byTime)).failed).toBe(true)
  })

  it('are the same without a position as at the end of the log', () => {
    fc.assert(
      fc.property(anyLog, fc.integer({ min: 0, max: 7 }), (events, v) => {
        const end = events.at(-1)?.position as string
        for (const row of intervalsOf(events))
          expect(matches(inForceAt(minute(v)), row)).toBe(matches(inForceAt(minute(v), end), row))
      }),
    )
  })
})
