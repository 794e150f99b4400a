import * as commands from './incident.commands.js'
import type { IncidentEvent } from './incident.events.js'
import { accepted, at, by, byPolicy, given, inGroup, NUMBER, resolved } from './incident.story.fixture.js'

const page = new commands.PageOnCall(NUMBER, {}, by('agnes'))
const pageNext = (time: string) => new commands.PageNext(NUMBER, {}, byPolicy(time))
const acknowledge = (actor: string) => new commands.AcknowledgePage(NUMBER, {}, by(actor))
const paged = (person: string, order: number, round: number): IncidentEvent => ({
  type: 'OnCallPaged',
  data: { group: 'network', person, order, round, acknowledgeBy: at('09:10') },
})

describe('a call', () => {
  it('goes to the first who is there, and says whom it skipped', () =>
    given()
      .when(page)
      .thenEvents({
        type: 'OnCallPaged',
        data: {
          group: 'network',
          person: 'bob',
          order: 2,
          round: 1,
          acknowledgeBy: at('09:10'),
          skipped: ['lea'],
        },
      }))
  it('skips who can see no incidents any more, as nobody could tell her of it', () => {
    const revoked = { type: 'RoleRevoked', data: { role: 'agent', source: 'administrator' } } as const
    const [event] = given().and('person-bob', revoked).when(page).events
    expect(event?.data).toMatchObject({ person: 'agnes', skipped: ['lea', 'bob'] })
  })
  it('is not made twice, and to nobody where nobody is on call', () => {
    given(paged('bob', 2, 1))
      .when(page)
      .thenNothing()
    given(paged('bob', 2, 1))
      .when(new commands.PageOnCall(NUMBER, { group: 'database' }, by('agnes')))
      .thenRefused('INCIDENT.PAGING')
    given()
      .when(new commands.PageOnCall(NUMBER, { group: 'database' }, by('agnes')))
      .thenRefused('INCIDENT.NO_ON_CALL')
    given()
      .when(new commands.PageOnCall(NUMBER, { group: 'nobodies' }, by('agnes')))
      .thenRefused('INCIDENT.GROUP_UNKNOWN')
    given(resolved).when(page).thenRefused('INCIDENT.NOT_OPEN')
  })
  it('goes on to the next, then round again, and ends with the manager', () => {
    given(paged('bob', 2, 1))
      .when(pageNext(at('09:09')))
      .thenRefused('INCIDENT.NOT_DUE')
    const next = (order: number, round: number) =>
      given(paged('x', order, round)).when(pageNext(at('09:10'))).events
    expect(next(2, 1)[0]?.data).toMatchObject({ person: 'agnes', order: 3, round: 1 })
    expect(next(3, 1)[0]?.data).toMatchObject({ person: 'bob', order: 2, round: 2, skipped: ['lea'] })
    expect(next(3, 2)).toEqual([
      { type: 'OnCallExhausted', data: { group: 'network' } },
      { type: 'IncidentEscalated', data: { kind: 'hierarchical', informed: 'mia' } },
    ])
  })
  it('is answered by anybody on call, once', () => {
    const answered: IncidentEvent = { type: 'OnCallAcknowledged', data: { person: 'agnes' } }
    given(paged('bob', 2, 1))
      .when(acknowledge('agnes'))
      .thenEvents(answered)
    given(paged('bob', 2, 1), answered)
      .when(acknowledge('agnes'))
      .thenNothing()
    given(paged('bob', 2, 1), answered)
      .when(acknowledge('bob'))
      .thenRefused('INCIDENT.NOT_PAGED')
    given(paged('bob', 2, 1))
      .when(acknowledge('mia'))
      .thenRefused('INCIDENT.NOT_ON_CALL')
    given().when(acknowledge('bob')).thenRefused('INCIDENT.NOT_PAGED')
  })
  it.each([accepted('bob'), resolved, inGroup('database')])('ends with $type', (event) =>
    given(paged('bob', 2, 1), event)
      .when(pageNext(at('10:00')))
      .thenRefused('INCIDENT.NOT_DUE'),
  )
  it('to another group does not end when the incident changes hands', () => {
    const elsewhere: IncidentEvent = {
      type: 'OnCallPaged',
      data: { group: 'network', person: 'bob', order: 2, round: 1, acknowledgeBy: at('09:10') },
    }
    given(inGroup('database'), elsewhere, inGroup('desk'))
      .when(pageNext(at('09:10')))
      .thenTypes('OnCallPaged')
  })
})
