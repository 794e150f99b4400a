import type { Principal, Role } from '#libs/access'
import type { RecordedEvent } from '#libs/event-sourcing'
import { all, none } from '#libs/read-store'
import { projectionSpec, recorded, type ToldEvent } from '#libs/testing'
import type { AlertEvent } from '../../src/alerts/domain/alert.events.js'
import { DESK_READERS } from '../access.js'
import { alerts } from './alerts.js'

const STREAM = 'alert-6590645e-6164-5181-bc99-64f5d4746814'
const at = (minute: number) => ({ occurredAt: `2026-01-05T08:0${minute}:00.000Z` })
const story: ToldEvent<AlertEvent>[] = [
  {
    type: 'AlertFired',
    data: {
      source: 'alertmanager',
      key: 'disk',
      keyedBy: 'group',
      labels: { severity: 'critical' },
      annotations: {},
      startsAt: '2026-01-05T07:59:00.000Z',
      firing: 1,
      hash: 'a',
    },
    metadata: at(0),
  },
  {
    type: 'AlertIncidentRequested',
    data: {
      episode: 1,
      previous: null,
      incident: { title: 'Disk', detectedAt: '2026-01-05T07:59:00.000Z' },
      mapping: { version: 0, rules: [] },
    },
    metadata: at(0),
  },
  {
    type: 'AlertIncidentBound',
    data: { number: 'INC1', episode: 1, previous: null, condition: 'firing', count: 1 },
    metadata: at(1),
  },
  { type: 'AlertRepeated', data: { count: 2, firing: 3, hash: 'b' }, metadata: at(2) },
  {
    type: 'AlertCleared',
    data: { count: 2, hash: 'c', clearedAt: '2026-01-05T08:03:00.000Z', incident: 'INC1' },
    metadata: at(3),
  },
]
const refired: ToldEvent<AlertEvent> = {
  type: 'AlertRefired',
  data: {
    count: 3,
    firings: 2,
    labels: { severity: 'warning' },
    annotations: {},
    startsAt: '2026-01-05T08:04:00.000Z',
    firing: 1,
    hash: 'd',
  },
  metadata: at(4),
}
const told = (...events: ToldEvent<AlertEvent>[]) =>
  projectionSpec(alerts).given(...(recorded(STREAM, events) as RecordedEvent<AlertEvent>[]))

describe('alerts', () => {
  it('say whether they fire, how often they were told, and which incident they have', () => {
    told(...story.slice(0, 4)).thenDocumentLike(STREAM, {
      id: STREAM.slice('alert-'.length),
      condition: 'firing',
      count: 2,
      firings: 1,
      firing: 3,
      incident: 'INC1',
      episodes: 1,
      firstSeenAt: at(0).occurredAt,
      lastSeenAt: at(2).occurredAt,
    })
    told(...story).thenDocumentLike(STREAM, { condition: 'cleared', clearedAt: at(3).occurredAt, firing: 0 })
  })

  it('show that they flap', () => {
    const { clearedAt, ...shown } = told(...story, refired).document(STREAM)
    expect(clearedAt).toBeUndefined()
    expect(shown).toMatchObject({ condition: 'firing', firings: 2, labels: { severity: 'warning' } })
  })

  it('have no incident while the next one is not known', () => {
    const again = { ...story[1]!, data: { ...story[1]!.data, episode: 2, previous: 'INC1' } }
    const { incident, episodes } = told(...story, refired, again as ToldEvent<AlertEvent>).document(STREAM)
    expect([incident, episodes]).toEqual([undefined, 2])
  })

  it('leave what they do not know as it was', () => {
    const unknown = { type: 'AlertPainted', data: {} } as unknown as ToldEvent<AlertEvent>
    expect(told(...story, unknown).document(STREAM)).toEqual(told(...story).document(STREAM))
  })

  it('are nothing for requesters', () => {
    const principal = (role: Role): Principal => ({
      id: 'x',
      grants: new Map([[role, 'grant']]),
      groups: new Set(),
    })
    expect(alerts.rows(principal('requester'))).toEqual(none)
    for (const role of DESK_READERS) expect(alerts.rows(principal(role))).toEqual(all)
  })
})
