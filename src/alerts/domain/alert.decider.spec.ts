import fc from 'fast-check'
import { commandMetadata, deciderSpec, recorded, type ToldEvent } from '#libs/testing'
import { LONGEST_RETRY_WINDOW_SECONDS } from '../../settings/domain/defaults.js'
import { BindAlertIncident, type Notification, ReceiveAlert, ReplaceAlertIncident } from './alert.commands.js'
import { alertDecider } from './alert.decider.js'
import type { AlertEvent } from './alert.events.js'
import { MOST_HEARD } from './alert.state.js'

const ID = '6590645e-6164-5181-bc99-64f5d4746814'
const NOW = '2026-01-05T09:00:00.000Z'
const minutesLater = (minutes: number) => new Date(Date.parse(NOW) + minutes * 60_000).toISOString()

const said: Notification = {
  source: 'alertmanager',
  key: 'disk',
  keyedBy: 'group',
  status: 'firing',
  labels: { alertname: 'DiskFull', severity: 'critical' },
  annotations: { summary: 'The disk is full' },
  startsAt: '2026-01-05T08:55:00.000Z',
  firing: 1,
  hash: 'one',
}
const receive = (changes: Partial<Notification> = {}, occurredAt = NOW, keyed = false) =>
  new ReceiveAlert(ID, { ...said, ...changes }, commandMetadata({ channel: 'alert', occurredAt, keyed }))
const bind = (number: string, instead?: string) =>
  new BindAlertIncident(ID, { number, instead }, commandMetadata({ channel: 'policy' }))

const fired: ToldEvent<AlertEvent> = {
  type: 'AlertFired',
  data: {
    source: 'alertmanager',
    key: 'disk',
    keyedBy: 'group',
    labels: said.labels,
    annotations: said.annotations,
    startsAt: '2026-01-05T08:55:00.000Z',
    firing: 1,
    hash: 'one',
  },
  metadata: { occurredAt: NOW },
}
const requested: AlertEvent = {
  type: 'AlertIncidentRequested',
  data: {
    episode: 1,
    previous: null,
    incident: {
      title: 'The disk is full',
      description: 'Labels: alertname=DiskFull, severity=critical',
      impact: 1,
      urgency: 1,
      detectedAt: '2026-01-05T08:55:00.000Z',
    },
    mapping: { version: 0, rules: ['severity critical', 'every alert'] },
  },
}
const bound: AlertEvent = {
  type: 'AlertIncidentBound',
  data: { number: 'INC1', episode: 1, previous: null, condition: 'firing', count: 1 },
}
const cleared: AlertEvent = {
  type: 'AlertCleared',
  data: { count: 1, hash: 'gone', clearedAt: NOW, incident: 'INC1' },
}
const opened = {
  type: 'IncidentOpened',
  data: { title: 'The disk is full', audience: { kind: 'public' }, alert: ID },
} as const
const resolved = { type: 'IncidentResolved', data: { code: 'fixed', notes: 'x', resolvedBy: 'ann' } } as const
const closed = { type: 'IncidentClosed', data: { cause: 'agent' } } as const
const canceled = { type: 'IncidentCanceled', data: { code: 'not-an-incident', notes: null } } as const

/** It fires once more, and has begun anew. */
const again = receive({ hash: 'two', startsAt: minutesLater(1) }, minutesLater(2))

const alert = deciderSpec(alertDecider)
const firing = () => alert.given(fired, requested, bound)
const clearedAlert = () => alert.given(fired, requested, bound, cleared)

describe('an alert', () => {
  it('asks for an incident when it fires first', () => {
    alert
      .given()
      .when(receive())
      .thenEvents({ type: fired.type, data: fired.data } as AlertEvent, requested)
  })

  it('that has cleared clears no further', () => {
    clearedAlert()
      .when(receive({ status: 'resolved', hash: 'two' }))
      .thenNothing()
  })

  it('whose end was heard first is not opened by the firing that comes late', () => {
    const end = receive({ status: 'resolved', firing: 0, hash: 'gone', endsAt: NOW })
    const heard: AlertEvent = {
      type: 'AlertEndHeard',
      data: { source: 'alertmanager', key: 'disk', keyedBy: 'group', hash: 'gone', clearedAt: NOW },
    }
    const ended = alert.given({ ...heard, metadata: { occurredAt: NOW } })
    alert.given().when(end).thenEvents(heard)
    ended.when(end).thenNothing()
    ended.when(receive({}, minutesLater(3.9))).thenNothing()
    ended.when(bind('INC1')).thenRefused('ALERT.INCIDENT_NOT_WANTED')
    // One that began later is another, and one that is still told after all retries is no late one
    ended
      .when(receive({ startsAt: minutesLater(1) }, minutesLater(1)))
      .thenTypes('AlertFired', 'AlertIncidentRequested')
    ended.when(receive({}, minutesLater(4))).thenTypes('AlertFired', 'AlertIncidentRequested')
    ended
      .when(receive({ startsAt: undefined }, minutesLater(1)))
      .thenTypes('AlertFired', 'AlertIncidentRequested')
  })

  it('is not reopened by a firing that its end has overtaken', () => {
    const late = (minutes: number) => receive({ hash: 'changed' }, minutesLater(minutes))
    const story = alert
      .given(fired, requested, bound, { ...cleared, metadata: { occurredAt: NOW } })
      .and('incident-INC1', opened, resolved)
    story.when(late(1)).thenNothing()
    story.when(late(4)).thenTypes('AlertRefired')
  })

  it('is over in the end, in whatever order its notifications come within the window (law)', () => {
    const all = [
      receive({ hash: 'a' }),
      receive({ hash: 'b', firing: 2 }),
      receive({ status: 'resolved', firing: 0, hash: 'gone', endsAt: NOW }),
    ]
    const order = fc
      .array(fc.constantFrom(...all), { maxLength: 5 })
      .chain((more) => fc.shuffledSubarray([...all, ...more], { minLength: all.length + more.length }))
    fc.assert(
      fc.property(order, (notifications) => {
        let told: ToldEvent<AlertEvent>[] = []
        for (const [index, { data }] of notifications.entries()) {
          const occurredAt = minutesLater(index / 10)
          const { events } = alert.given(...told).when(receive(data, occurredAt))
          told = [...told, ...events.map((event) => ({ ...event, metadata: { occurredAt } }))]
        }
        const types = told.map(({ type }) => type)
        expect(types.filter((type) => type === 'AlertIncidentRequested').length).toBeLessThan(2)
        expect(['AlertCleared', 'AlertEndHeard']).toContain(types.at(-1))
      }),
    )
  })

  it('began no later than it was heard of, whatever the clock of its source says', () => {
    const [event] = alert.given().when(receive({ startsAt: minutesLater(9) })).events
    expect(event?.data).toMatchObject({ startsAt: NOW })
  })

  it('counts what is said again after the window, or said otherwise', () => {
    firing()
      .and('incident-INC1', opened)
      .when(receive({}, minutesLater(3.9)))
      .thenNothing()
    for (const repeat of [receive({}, minutesLater(4)), receive({ hash: 'two' }, minutesLater(1))]) {
      firing()
        .and('incident-INC1', opened)
        .when(repeat)
        .thenEvents({ type: 'AlertRepeated', data: { count: 2, firing: 1, hash: repeat.data.hash } })
    }
  })

  it('leaves what a retry is to the Idempotency-Key, where there is one', () => {
    firing()
      .and('incident-INC1', opened)
      .when(receive({}, minutesLater(1), true))
      .thenTypes('AlertRepeated')
  })

  it('knows a retry also when something else was heard in between, and by its own time', () => {
    const changed = receive({ status: 'resolved', firing: 0, hash: 'gone', endsAt: NOW }, minutesLater(1))
    const [clearedNow] = firing().when(changed).events
    const flapped = alert.given(fired, requested, bound, {
      ...(clearedNow as AlertEvent),
      metadata: { occurredAt: minutesLater(1) },
    })
    flapped.when(receive({}, minutesLater(2))).thenNothing()
    // Without a time it may mean another firing: only the very last is known again (counter-proof)
    const untimed = receive({ startsAt: undefined }, minutesLater(2))
    flapped.and('incident-INC1', opened).when(untimed).thenTypes('AlertRefired')
    flapped
      .and('incident-INC1', opened)
      .when(receive({}, minutesLater(6)))
      .thenTypes('AlertRefired')
  })

  it('keeps for that what was heard last, bounded by number and by the longest window', () => {
    const repeats = (count: number, apartSeconds: number) =>
      Array.from({ length: count }, (_, i) => ({
        type: 'AlertRepeated' as const,
        data: { count: i + 2, firing: 1, hash: `h${i}` },
        metadata: { occurredAt: new Date(Date.parse(NOW) + i * apartSeconds * 1_000).toISOString() },
      }))
    const heardAfter = (...events: readonly ToldEvent<AlertEvent>[]) =>
      recorded(`alert-${ID}`, [fired, ...events])
        .reduce(alertDecider.evolve, null)
        ?.heard.map(({ hash }) => hash)
    expect(heardAfter(...repeats(10_000, 0.001))).toEqual(
      Array.from({ length: MOST_HEARD }, (_, i) => `h${10_000 - MOST_HEARD + i}`),
    )
    expect(heardAfter(...repeats(3, LONGEST_RETRY_WINDOW_SECONDS))).toEqual(['h2'])
    expect(heardAfter(...repeats(3, 1), ...repeats(1, 1))).toEqual(['one', 'h1', 'h2', 'h0'])
  })

  it('would count retries without a window (counter-proof)', () => {
    const mapping = { key: 'group', retryWindowSeconds: 0, rules: [] } as const
    firing()
      .and('settings-alert-mapping', { type: 'AlertMappingPublished', data: { version: 1, mapping } })
      .and('incident-INC1', opened)
      .when(receive())
      .thenTypes('AlertRepeated')
  })

  it('tells its incident when it clears, and once more when it fires again', () => {
    firing()
      .when(receive({ status: 'resolved', firing: 0, hash: 'gone', endsAt: NOW }))
      .thenEvents(cleared)
    const [refired] = clearedAlert().and('incident-INC1', opened, resolved).when(again).events
    expect(refired).toMatchObject({
      type: 'AlertRefired',
      data: { count: 2, firings: 2, incident: 'INC1' },
    })
  })

  it('that clears before its incident is known says so when it is', () => {
    alert
      .given(fired, requested)
      .when(receive({ status: 'resolved', hash: 'gone', endsAt: NOW }))
      .thenEvents({ type: 'AlertCleared', data: { count: 1, hash: 'gone', clearedAt: NOW } })
    alert
      .given(fired, requested, { type: 'AlertCleared', data: { count: 1, hash: 'gone', clearedAt: NOW } })
      .when(bind('INC1'))
      .thenEvents({ ...bound, data: { ...bound.data, condition: 'cleared' } } as AlertEvent)
  })

  it.each([[closed], [canceled]])('that fires again after $type asks for another incident', (finished) => {
    const { events } = clearedAlert().and('incident-INC1', opened, finished).when(again)
    expect(events).toMatchObject([
      { type: 'AlertRefired', data: { firings: 2 } },
      { type: 'AlertIncidentRequested', data: { episode: 2, previous: 'INC1' } },
    ])
    expect(events[0]?.data).not.toHaveProperty('incident', 'INC1')
  })

  it('that goes on firing reopens what was resolved, replaces what was closed, and lets be what was canceled', () => {
    const repeat = receive({ hash: 'two' })
    expect(firing().and('incident-INC1', opened, resolved).when(repeat).events).toMatchObject([
      { type: 'AlertRepeated', data: { incident: 'INC1' } },
    ])
    firing()
      .and('incident-INC1', opened, resolved, closed)
      .when(repeat)
      .thenTypes('AlertRepeated', 'AlertIncidentRequested')
    firing()
      .and('incident-INC1', opened, canceled)
      .when(repeat)
      .thenEvents({ type: 'AlertRepeated', data: { count: 2, firing: 1, hash: 'two' } })
  })

  it('gets another one at once when the one to be reopened turns out to be closed', () => {
    const replace = new ReplaceAlertIncident(ID, { number: 'INC1' }, commandMetadata())
    firing().and('incident-INC1', opened, closed).when(replace).thenTypes('AlertIncidentRequested')
    firing().and('incident-INC1', opened).when(replace).thenNothing()
    clearedAlert().and('incident-INC1', opened, closed).when(replace).thenNothing()
    alert.given(fired, requested).when(replace).thenNothing()
  })

  it('is bound once to each incident that it asked for, and follows a merge', () => {
    alert.given(fired, requested).when(bind('INC1')).thenEvents(bound)
    firing().when(bind('INC1')).thenNothing()
    firing().when(bind('INC2')).thenRefused('ALERT.INCIDENT_NOT_WANTED')
    alert.given().when(bind('INC1')).thenRefused('ALERT.INCIDENT_NOT_WANTED')
    firing()
      .when(bind('INC7', 'INC1'))
      .thenEvents({
        type: 'AlertIncidentBound',
        data: { number: 'INC7', episode: 1, previous: 'INC1', condition: 'firing', count: 1, merged: true },
      })
    firing().when(bind('INC7', 'INC3')).thenRefused('ALERT.INCIDENT_NOT_WANTED')
  })

  it('asks for one incident at a time, whatever is said in whatever order (law)', () => {
    const step = fc.record({
      status: fc.constantFrom('firing' as const, 'resolved' as const),
      hash: fc.constantFrom('a', 'b', 'c'),
      wait: fc.integer({ min: 0, max: 10 }),
      bind: fc.boolean(),
      incident: fc.constantFrom([], [resolved], [resolved, closed], [canceled]),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let told: ToldEvent<AlertEvent>[] = []
        let minutes = 0
        for (const { status, hash, wait, bind: binds, incident } of steps) {
          minutes += wait
          const occurredAt = minutesLater(minutes)
          const number = `INC${told.length}`
          const open = told.filter(({ type }) => type === 'AlertIncidentRequested').length
          const known = told.filter(({ type }) => type === 'AlertIncidentBound').length
          expect(open - known === 0 || open - known === 1).toBe(true)
          let given = alert.given(...told)
          for (const { type, data } of told)
            if (type === 'AlertIncidentBound')
              given = given.and(`incident-${data.number}`, opened, ...incident)
          const { events } = given.when(receive({ status, hash }, occurredAt))
          told = [...told, ...events.map((event) => ({ ...event, metadata: { occurredAt } }))]
          const wants = told.filter(({ type }) => type === 'AlertIncidentRequested').length > known
          if (binds && wants) told = [...told, ...alert.given(...told).when(bind(number)).events]
        }
      }),
    )
  })
})
