import * as commands from './incident.commands.js'
import type { IncidentEvent } from './incident.events.js'
import {
  at,
  by,
  byPolicy,
  closed,
  given,
  majorSettings,
  NOW,
  NUMBER,
  resolved,
} from './incident.story.fixture.js'

const proposed: IncidentEvent = { type: 'MajorIncidentProposed', data: { reason: 'Nobody has mail' } }
const promoted: IncidentEvent = {
  type: 'MajorIncidentPromoted',
  data: { manager: 'mia', nextUpdateAt: at('09:30') },
}
const overdue: IncidentEvent = {
  type: 'MajorIncidentUpdateOverdue',
  data: { promisedAt: at('09:30'), count: 1, remindAt: at('09:45') },
}
const demoted: IncidentEvent = { type: 'MajorIncidentDemoted', data: {} }
const settings = majorSettings({ updateEveryMinutes: 30, remindEveryMinutes: 15 })

describe('a proposal', () => {
  const propose = new commands.ProposeMajorIncident(NUMBER, { reason: 'Nobody has mail' }, by('agnes'))
  it('makes it a candidate, once', () => {
    given().when(propose).thenEvents(proposed)
    given(proposed).when(propose).thenNothing()
    given(promoted).when(propose).thenNothing()
  })
  it('needs words, and something that is open', () => {
    given()
      .when(new commands.ProposeMajorIncident(NUMBER, { reason: ' ' }, by('agnes')))
      .thenRefused('INCIDENT.TEXT_REQUIRED')
    given(resolved).when(propose).thenRefused('INCIDENT.NOT_OPEN')
  })

  const urgent = new commands.OverridePriority(
    NUMBER,
    { priority: 1 },
    { ...by('agnes'), reason: 'All stand' },
  )
  it('follows from a priority, when the settings say so', () => {
    given()
      .and('settings-major-incident', majorSettings({ proposeAtPriority: 1 }))
      .when(urgent)
      .thenTypes('PriorityOverridden', 'MajorIncidentProposed')
    given().when(urgent).thenTypes('PriorityOverridden')
    given()
      .and('settings-major-incident', majorSettings({ proposeAtPriority: 1 }))
      .when(new commands.StartWork(NUMBER, {}, by('agnes')))
      .thenTypes('WorkStarted')
  })
  it('of rules does not come again for what people turned down', () => {
    given(proposed, demoted)
      .and('settings-major-incident', majorSettings({ proposeAtPriority: 1 }))
      .when(urgent)
      .thenTypes('PriorityOverridden')
    given(proposed, demoted).when(propose).thenEvents(proposed)
  })
  it('follows from many children', () => {
    const children = (count: number) =>
      new commands.ProposeMajorIncident(NUMBER, { children: count }, byPolicy())
    const story = given().and('settings-major-incident', majorSettings({ proposeAboveChildren: 2 }))
    story.when(children(2)).thenNothing()
    story.when(children(3)).thenTypes('MajorIncidentProposed')
    given().when(children(100)).thenNothing()
  })
})

describe('a promotion', () => {
  const promote = new commands.PromoteMajorIncident(NUMBER, { manager: 'mia' }, by('mia'))
  it('names who manages it, and promises the first update', () => {
    given(proposed)
      .and('settings-major-incident', settings)
      .when(promote)
      .thenEvents({
        type: 'MajorIncidentPromoted',
        data: { manager: 'mia', nextUpdateAt: at('09:30'), settingsVersion: 1 },
      })
    given()
      .when(promote)
      .thenEvents({
        type: 'MajorIncidentPromoted',
        data: { manager: 'mia', settingsVersion: 0 },
      })
  })
  it('does not come twice', () => {
    given(promoted).when(promote).thenNothing()
    given(promoted)
      .when(new commands.PromoteMajorIncident(NUMBER, { manager: 'bob' }, by('mia')))
      .thenRefused('INCIDENT.ALREADY_MAJOR')
  })
  it('names people who are there', () => {
    const promoting = (roles: commands.PromoteMajorIncident['data']) =>
      given().when(new commands.PromoteMajorIncident(NUMBER, roles, by('mia')))
    promoting({ manager: 'eve' }).thenRefused('INCIDENT.PERSON_UNKNOWN')
    promoting({ manager: 'mia', communications: 'lea' }).thenRefused('INCIDENT.PERSON_INACTIVE')
    promoting({ manager: 'mia', resolver: 'eve' }).thenRefused('INCIDENT.PERSON_UNKNOWN')
    promoting({ manager: 'rita' }).thenRefused('INCIDENT.PERSON_NOT_AT_DESK')
    promoting({ manager: 'mia', communications: 'rita' }).thenRefused('INCIDENT.PERSON_NOT_AT_DESK')
    promoting({ manager: 'mia', nextUpdateAt: NOW }).thenRefused('INCIDENT.NEXT_UPDATE_PAST')
  })
  it('is taken back with a reason', () => {
    const demote = (reason?: string) => new commands.DemoteMajorIncident(NUMBER, {}, { ...by('mia'), reason })
    given(promoted).when(demote()).thenRefused('INCIDENT.REASON_REQUIRED')
    given(promoted).when(demote('One computer')).thenEvents(demoted)
    given().when(demote()).thenNothing()
    given(promoted, resolved, closed).when(demote('x')).thenRefused('INCIDENT.CLOSED')
  })
  it('lets roles change hands, one by one', () => {
    const assign = (person: string) =>
      new commands.AssignMajorIncidentRole(NUMBER, { role: 'manager', person }, by('mia'))
    given(promoted)
      .when(assign('bob'))
      .thenEvents({
        type: 'MajorIncidentRoleAssigned',
        data: { role: 'manager', person: 'bob', previous: 'mia' },
      })
    given(promoted).when(assign('mia')).thenNothing()
    given(promoted).when(assign('lea')).thenRefused('INCIDENT.PERSON_INACTIVE')
    given(promoted).when(assign('rita')).thenRefused('INCIDENT.PERSON_NOT_AT_DESK')
    given(proposed).when(assign('bob')).thenRefused('INCIDENT.NOT_MAJOR')
  })
})

describe('updates', () => {
  const post = (data: Partial<commands.PostMajorIncidentUpdate['data']> = {}) =>
    new commands.PostMajorIncidentUpdate(
      NUMBER,
      { text: 'We are on it', visibility: 'public', ...data },
      by('bob'),
    )
  const remind = (time: string) => new commands.RemindOfUpdate(NUMBER, {}, byPolicy(time))

  it('promise the next one, as it is said or as the settings say', () => {
    const next = (data: Partial<commands.PostMajorIncidentUpdate['data']>) =>
      given(promoted).and('settings-major-incident', settings).when(post(data)).events[0]?.data
    expect(next({})).toMatchObject({ nextUpdateAt: at('09:30') })
    expect(next({ nextUpdateAt: '2026-01-05T12:00:00+01:00' })).toMatchObject({ nextUpdateAt: at('11:00') })
    expect(next({ nextUpdateAt: null })).toMatchObject({ nextUpdateAt: undefined })
    given(promoted)
      .when(post({ nextUpdateAt: at('08:59') }))
      .thenRefused('INCIDENT.NEXT_UPDATE_PAST')
  })
  it('are for major incidents that are not closed; once resolved nothing more is promised', () => {
    given(proposed).when(post()).thenRefused('INCIDENT.NOT_MAJOR')
    given(promoted, resolved, closed).when(post()).thenRefused('INCIDENT.CLOSED')
    const { events } = given(promoted, resolved).and('settings-major-incident', settings).when(post())
    expect(events[0]?.data).toMatchObject({ nextUpdateAt: undefined })
  })
  it('that are missing are reminded of when due, and again', () => {
    const story = given(promoted).and('settings-major-incident', settings)
    story.when(remind(at('09:29'))).thenRefused('INCIDENT.NOT_DUE')
    story.when(remind(at('09:30'))).thenEvents({
      type: 'MajorIncidentUpdateOverdue',
      data: { promisedAt: at('09:30'), count: 1, remindAt: at('09:45'), settingsVersion: 1 },
    })
    given(promoted, overdue)
      .when(remind(at('09:44')))
      .thenRefused('INCIDENT.NOT_DUE')
    given(promoted, overdue)
      .when(remind(at('09:45')))
      .thenEvents({
        type: 'MajorIncidentUpdateOverdue',
        data: { promisedAt: at('09:30'), count: 2, settingsVersion: 0 },
      })
  })
  it.each([
    ['posted', { type: 'MajorIncidentUpdatePosted', data: { text: 'x', visibility: 'internal' } }],
    ['resolved', resolved],
  ] as [string, IncidentEvent][])('are not missed once %s', (_, event) => {
    given(promoted, overdue, event)
      .when(remind(at('10:00')))
      .thenRefused('INCIDENT.NOT_DUE')
  })
  it('are promised anew when it is reopened, by whomever, as the settings say', () => {
    const story = given(promoted, overdue, resolved).and('settings-major-incident', settings)
    const reopen = new commands.Reopen(NUMBER, {}, by('agnes'))
    const promisedAnew: IncidentEvent = {
      type: 'MajorIncidentUpdatePromised',
      data: { nextUpdateAt: at('09:30'), settingsVersion: 1 },
    }
    const { events } = story.when(reopen)
    expect(events.slice(1)).toEqual([promisedAnew])
    given(promoted, overdue, resolved, ...events)
      .and('settings-major-incident', settings)
      .when(remind(at('09:30')))
      .thenTypes('MajorIncidentUpdateOverdue')
    const fires = { alert: 'a1', condition: 'firing', count: 2 } as const
    story
      .when(new commands.ObserveAlertCondition(NUMBER, fires, byPolicy()))
      .thenTypes('IncidentReopened', 'AlertConditionObserved', 'MajorIncidentUpdatePromised')
    given(promoted, resolved).when(reopen).thenTypes('IncidentReopened')
    given(proposed, resolved)
      .and('settings-major-incident', settings)
      .when(reopen)
      .thenTypes('IncidentReopened')
  })
  it('are not missed once demoted', () =>
    given(promoted, demoted)
      .when(remind(at('10:00')))
      .thenRefused('INCIDENT.NOT_MAJOR'))
})

describe('a review', () => {
  const review = new commands.ReviewMajorIncident(
    NUMBER,
    { summary: 'A full disk', actions: ['Watch it'] },
    by('mia'),
  )
  it('looks back on a major incident, once with the same words', () => {
    const reviewed: IncidentEvent = {
      type: 'MajorIncidentReviewed',
      data: { summary: 'A full disk', actions: ['Watch it'] },
    }
    given(promoted, resolved).when(review).thenEvents(reviewed)
    given(promoted, resolved, closed).when(review).thenEvents(reviewed)
    given(promoted, resolved, reviewed).when(review).thenNothing()
    given(promoted).when(review).thenRefused('INCIDENT.NOT_RESOLVED')
    given(resolved).when(review).thenRefused('INCIDENT.NOT_MAJOR')
  })
})
