import { commandMetadata, deciderSpec } from '#libs/testing'
import * as c from './cab.commands.js'
import { cabDecider } from './cab.decider.js'
import type { CabEvent } from './cab.events.js'

const PERIOD = { start: '2026-03-02T09:00:00.000Z', end: '2026-03-02T10:00:00.000Z' }
const CHANGE = 'CHG0000001'
const metadata = commandMetadata({ actor: 'chris' }) as never
const scheduled: CabEvent = {
  type: 'CabMeetingScheduled',
  data: { title: 'Weekly', period: PERIOD, chair: 'chris', members: ['ann'] },
}
const added: CabEvent = { type: 'CabAgendaItemAdded', data: { change: CHANGE } }
const advised: CabEvent = {
  type: 'CabAdviceGiven',
  data: { change: CHANGE, advice: 'recommend', comment: null },
}
const minutes: CabEvent = { type: 'CabMinutesRecorded', data: { text: 'All agreed.' } }
const closed: CabEvent = { type: 'CabMeetingClosed', data: {} }
const registered = (name: string) => ({ type: 'PersonRegistered', data: { name } })
const opened = {
  type: 'ChangeOpened',
  data: { type: 'normal', title: 'Release', affectedCis: [], proposedValues: [] },
}
const canceled = { type: 'ChangeCanceled', data: { from: 'New', notes: 'n' } }

const given = (...events: CabEvent[]) =>
  deciderSpec(cabDecider)
    .given(...(events as never[]))
    .and('person-chris', registered('Chris'))
    .and('person-ann', registered('Ann'))
    .and('change-CHG0000001', opened)
    .and('change-CHG0000002', opened, canceled)
const schedule = (data: object = {}) =>
  new c.ScheduleCabMeeting('CAB0000001', { title: 'Weekly', period: PERIOD, ...data }, metadata)
const add = (change: string) => new c.AddToCabAgenda('CAB0000001', { change }, metadata)
const advise = (data: object) =>
  new c.GiveCabAdvice('CAB0000001', { change: CHANGE, advice: 'recommend', ...data }, metadata)

describe('a meeting', () => {
  it('is scheduled by somebody, for people who are there', () => {
    given()
      .when(schedule({ members: ['ann'] }))
      .thenEvents(scheduled as never)
    given()
      .when(schedule({ members: ['nobody'] }))
      .thenRefused('CHANGE.PERSON_UNKNOWN')
    given(scheduled).when(schedule()).thenRefused('CAB.EXISTS')
    given().when(add(CHANGE)).thenRefused('CAB.UNKNOWN')
  })

  it('advises on changes that are on its agenda, and are not over', () => {
    given(scheduled)
      .when(add(CHANGE))
      .thenEvents(added as never)
    given(scheduled, added).when(add(CHANGE)).thenNothing()
    given(scheduled).when(add('CHG0000099')).thenRefused('CAB.CHANGE_UNKNOWN')
    given(scheduled).when(add('CHG0000002')).thenRefused('CAB.CHANGE_OVER')
    given(scheduled).when(advise({})).thenRefused('CAB.NOT_ON_AGENDA')
    given(scheduled, added)
      .when(advise({}))
      .thenEvents(advised as never)
    given(scheduled, added, advised).when(advise({})).thenNothing()
    given(scheduled, added)
      .when(advise({ advice: 'defer' }))
      .thenRefused('CHANGE.TEXT_REQUIRED')
    given(scheduled, added, advised)
      .when(advise({ advice: 'reject', comment: 'No' }))
      .thenTypes('CabAdviceGiven')
  })

  it('keeps on its agenda what advice was given on', () => {
    const remove = new c.RemoveFromCabAgenda('CAB0000001', { change: CHANGE }, metadata)
    given(scheduled, added).when(remove).thenTypes('CabAgendaItemRemoved')
    given(scheduled).when(remove).thenNothing()
    given(scheduled, added, advised).when(remove).thenRefused('CAB.ADVICE_GIVEN')
  })

  it('is closed with minutes and advice on all, and then says no more', () => {
    const close = new c.CloseCabMeeting('CAB0000001', {}, metadata)
    given(scheduled, added).when(close).thenRefused('CAB.ADVICE_MISSING')
    given(scheduled, added, advised).when(close).thenRefused('CAB.MINUTES_MISSING')
    given(scheduled, added, advised, minutes)
      .when(close)
      .thenEvents(closed as never)
    given(scheduled, minutes, closed).when(close).thenNothing()
    given(scheduled, minutes, closed).when(add(CHANGE)).thenRefused('CAB.CLOSED')
  })

  it('may take place at another time', () => {
    const period = { start: '2026-03-03T09:00:00.000Z', end: '2026-03-03T10:00:00.000Z' }
    const move = (to: typeof period) => new c.RescheduleCabMeeting('CAB0000001', { period: to }, metadata)
    given(scheduled).when(move(PERIOD)).thenNothing()
    given(scheduled)
      .when(move(period))
      .thenEvents({ type: 'CabMeetingRescheduled', data: { previous: PERIOD, period } } as never)
  })
})
