import type { RecordedEvent } from '#libs/event-sourcing'
import { type CiObservation, observedCi } from './ci.import.js'
import { type CiRecord, evolve, UNBORN } from './ci.state.js'
import type { CiEvent, RelationEvent } from './configuration.events.js'
import { type RelationRecord, relationDecider } from './relation.decider.js'
import { observedRelation, type RelationObservation } from './relation.import.js'

const TEXT = { schema: { type: 'string' }, presence: 'required', changeControlled: false } as const
const CLASSES = {
  version: 3,
  classes: [
    { name: 'thing', label: 'Thing', parent: null, abstract: true, attributes: { size: TEXT } },
    {
      name: 'box',
      label: 'Box',
      parent: 'thing',
      abstract: false,
      attributes: { colour: { ...TEXT, presence: 'optional' } },
    },
  ],
} as const

function recorded<Event extends CiEvent | RelationEvent>(
  event: Event,
  revision: number,
): RecordedEvent<Event> {
  const at = '2026-03-01T08:00:00.000Z'
  const metadata = {
    actor: 'adam',
    channel: 'import',
    occurredAt: at,
    recordedAt: at,
    commandId: `c${revision}`,
    correlationId: 'run',
    schemaVersion: 1,
  } as const
  return {
    ...event,
    id: `e${revision}`,
    stream: 'ci-1',
    revision,
    position: '1',
    metadata,
  } as RecordedEvent<Event>
}

const saying = (operation: CiObservation['operation'], more: Partial<CiObservation> = {}): CiObservation => ({
  operation,
  class: 'box',
  name: 'b1',
  changes: {},
  source: 'git',
  change: 'CHG1',
  ...more,
})

/** What a source told, one after the other. */
class Told {
  record: CiRecord = UNBORN
  events: readonly CiEvent[] = []

  tell(operation: CiObservation['operation'], more?: Partial<CiObservation>): this {
    this.events = observedCi(this.record, saying(operation, more), CLASSES)
    this.record = this.events.map(recorded).reduce(evolve, this.record)
    return this
  }

  get irregularities(): (string | undefined)[] {
    return this.events.map(({ data }) => (data as { irregular?: string }).irregular)
  }
}

const size = (before: string | null, after: string | null) => ({ size: { before, after } })
const registered = () => new Told().tell('register', { changes: size(null, 'L') })

describe('what a source tells of a CI', () => {
  it('registers it with what there is, by the classes in force', () => {
    const { events } = new Told().tell('register', {
      changes: { ...size(null, 'L'), colour: { before: null, after: null } },
    })
    expect(events).toEqual([
      {
        type: 'CiRegistered',
        data: {
          class: 'box',
          name: 'b1',
          attributes: { size: 'L' },
          classesVersion: 3,
          source: 'git',
          change: 'CHG1',
        },
      },
    ])
  })

  it('is never refused for what it lacks, only for what does not fit the class', () => {
    expect(new Told().tell('register').events).toHaveLength(1)
    expect(() => new Told().tell('register', { class: 'thing' })).toThrow('abstract')
    expect(() => new Told().tell('register', { class: 'cup' })).toThrow('no class')
    const unfit = { changes: { weight: { before: null, after: '1' } } }
    expect(() => new Told().tell('register', unfit)).toThrow('do not fit')
  })

  it('changes only what differs, and leaves an event when nothing does', () => {
    const same = registered().tell('change', { changes: size('L', 'L') })
    expect(same.events).toEqual([{ type: 'CiObserved', data: { source: 'git', change: 'CHG1' } }])
    expect(
      registered()
        .tell('observe')
        .events.map(({ type }) => type),
    ).toEqual(['CiObserved'])
    const { events, irregularities } = registered().tell('change', { changes: size('L', 'M') })
    expect(events).toMatchObject([{ type: 'CiChanged', data: { changes: size('L', 'M') } }])
    expect(irregularities).toEqual([undefined])
  })

  it('keeps attributes when it is renamed, then applies what else is told', () => {
    const told = registered().tell('rename', { name: 'b2', changes: size('L', 'S') })
    expect(told.events.map(({ type }) => type)).toEqual(['CiRenamed', 'CiChanged'])
    expect(told.record).toMatchObject({ name: 'b2', attributes: { size: 'S' } })
  })

  it.each<[string, () => Told]>([
    ['CI.BASE_DIFFERS', () => registered().tell('change', { changes: size('XL', 'M') })],
    [
      'CI.REGISTERED',
      () =>
        registered()
          .tell('register', { changes: size(null, 'M') })
          .tell('register'),
    ],
    ['CI.RETIRED', () => registered().tell('retire').tell('retire')],
    ['CI.RETIRED', () => registered().tell('retire').tell('observe')],
    ['CI.NAME_TAKEN', () => registered().tell('rename', { name: 'b2', nameTaken: true })],
    ['CI.NAME_TAKEN', () => new Told().tell('register', { nameTaken: true })],
    ['CI.UNKNOWN', () => new Told().tell('change', { changes: size('L', 'M') })],
    ['CI.UNKNOWN', () => new Told().tell('retire')],
  ])('is marked %s where a live command would have been refused', (code, told) => {
    expect(told().irregularities).toEqual([code])
  })

  it('leaves the end of what never was as an event that says what was meant', () => {
    const { events, record } = new Told().tell('retire', { sourceFields: { path: 'b1.yml' } })
    const sourceFields = { path: 'b1.yml', class: 'box', name: 'b1' }
    expect(events).toEqual([
      { type: 'CiRetired', data: { source: 'git', change: 'CHG1', sourceFields, irregular: 'CI.UNKNOWN' } },
    ])
    expect(record.standing).toBe('unborn')
  })
})

describe('what a source tells of a relation', () => {
  const ends = { source: { name: 'b1', class: 'box' }, target: { name: 'shelf', class: 'box' } }
  const tell = (record: RelationRecord, operation: RelationObservation['operation']) =>
    observedRelation(record, { operation, type: 'member-of', ...ends, change: 'CHG1' })
  const recordAfter = (record: RelationRecord, operation: RelationObservation['operation']) =>
    tell(record, operation).map(recorded).reduce(relationDecider.evolve, record)

  it('is by name on both sides, whoever bears the names', () => {
    expect(tell(null, 'relate')).toEqual([
      { type: 'CiRelated', data: { type: 'member-of', ...ends, change: 'CHG1' } },
    ])
    expect(recordAfter(recordAfter(null, 'relate'), 'unrelate')).toMatchObject({ present: false })
  })

  it('is marked where a live command would have found nothing to do', () => {
    const present = recordAfter(null, 'relate')
    expect(tell(present, 'relate')[0]?.data).toMatchObject({ irregular: 'RELATION.PRESENT' })
    expect(tell(null, 'unrelate')[0]?.data).toMatchObject({ irregular: 'RELATION.UNKNOWN' })
    expect(tell(recordAfter(present, 'unrelate'), 'unrelate')[0]?.data).toMatchObject({
      irregular: 'RELATION.UNKNOWN',
    })
  })
})
