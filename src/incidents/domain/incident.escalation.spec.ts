import { recorded, type ToldEvent } from '#libs/testing'
import type { EscalationRule } from '../../settings/domain/settings.events.js'
import * as commands from './incident.commands.js'
import type { IncidentEvent } from './incident.events.js'
import { evolve, type IncidentRecord, isOpened, NOT_OPENED } from './incident.state.js'
import {
  accepted,
  at,
  by,
  byPolicy,
  given,
  inGroup,
  NUMBER,
  ofPriority,
  opened,
  resolved,
  rulesPublished,
  started,
  told,
} from './incident.story.fixture.js'

const rule = (over: Partial<EscalationRule> = {}): EscalationRule => ({
  name: 'Old',
  when: {},
  since: 'opened',
  afterMinutes: 90,
  action: { kind: 'hierarchical' },
  ...over,
})
const scheduled = (...due: [rule: string, at: string][]): IncidentEvent => ({
  type: 'EscalationsScheduled',
  data: { rulesVersion: 1, due: due.map(([name, time]) => ({ rule: name, at: time })) },
})
const RULES = 'settings-escalation-rules'
const escalate = (time: string, name = 'Old', version = 1) =>
  new commands.EscalateByRule(NUMBER, { rule: { version, name } }, byPolicy(time))
const startWork = new commands.StartWork(NUMBER, {}, by('agnes'))

/** What waits after a command, by rule. */
function dueAfter(
  command: Parameters<ReturnType<typeof given>['when']>[0],
  rules: EscalationRule[],
  ...events: ToldEvent<IncidentEvent>[]
) {
  const told = given(...events)
    .and(RULES, rulesPublished(1, ...rules))
    .when(command).events
  const schedule = told.find((event) => event.type === 'EscalationsScheduled')
  return schedule?.type === 'EscalationsScheduled'
    ? Object.fromEntries(schedule.data.due.map(({ rule: name, at: time }) => [name, time]))
    : undefined
}

const openCall = {
  type: 'OnCallPaged',
  data: { group: 'network', person: 'bob', order: 2, round: 1, acknowledgeBy: at('09:10') },
} as const

/** Carries out whatever waits, as the policy would, until nothing does; gives up after far too many steps. */
function playedOut(
  rules: EscalationRule[],
  story: readonly ToldEvent<IncidentEvent>[],
): readonly ToldEvent<IncidentEvent>[] {
  let events = story
  for (let step = 1; step < 50; step++) {
    const record = recorded(`incident-${NUMBER}`, [opened, ...events]).reduce<IncidentRecord>(
      evolve,
      NOT_OPENED,
    )
    const due = isOpened(record) ? record.escalations.due[0] : undefined
    if (due === undefined) break
    const occurredAt = new Date(Date.parse(due.at) + step * 1_000).toISOString()
    const metadata = { occurredAt, actor: 'system:spec', channel: 'policy' } as const
    const { events: decided } = given(...events)
      .and(RULES, rulesPublished(1, ...rules))
      .when(escalate(occurredAt, due.rule))
    events = [...events, ...decided.map((event) => ({ ...event, metadata }))]
  }
  return events
}

/** The rules that acted, in their order. */
const steps = (events: readonly ToldEvent<IncidentEvent>[]) =>
  events.flatMap((event) => (event.type === 'IncidentEscalated' ? [event.data.rule?.name] : []))

describe('what waits for an incident', () => {
  it('is said with whatever changed it, and only when it differs', () => {
    expect(dueAfter(startWork, [rule()])).toEqual({ Old: at('09:30') })
    expect(dueAfter(startWork, [])).toBeUndefined()
    expect(dueAfter(startWork, [rule()], scheduled(['Old', at('09:30')]))).toBeUndefined()
    expect(dueAfter(startWork, [], scheduled(['Old', at('09:30')]))).toEqual({})
    expect(dueAfter(new commands.AddWorkNote(NUMBER, { text: 'x' }, by('agnes')), [rule()])).toBeUndefined()
  })
  it('counts from opening, assignment or the assignee’s latest deed', () => {
    const rules = [
      rule({ name: 'assigned', since: 'assigned' }),
      rule({ name: 'silent', since: 'assignee-update' }),
    ]
    const story = [told(inGroup('network'), at('08:10')), told(accepted('bob'), at('08:20'), 'bob')]
    expect(
      dueAfter(new commands.Hold(NUMBER, { reason: 'awaiting-vendor' }, by('agnes')), rules, ...story),
    ).toEqual({
      assigned: at('09:50'),
      silent: at('09:50'),
    })
    expect(
      dueAfter(new commands.Hold(NUMBER, { reason: 'awaiting-vendor' }, by('bob')), rules, ...story),
    ).toEqual({
      assigned: at('09:50'),
      silent: at('10:30'),
    })
  })
  it.each<[string, EscalationRule['when'], boolean]>([
    ['a priority', { priorities: [3] }, true],
    ['another priority', { priorities: [1, 2] }, false],
    ['a group', { group: 'network' }, true],
    ['another group', { group: 'database' }, false],
    ['a category', { category: 'mail' }, false],
    ['a state', { states: ['In Progress'] }, true],
    ['another state', { states: ['New', 'On Hold'] }, false],
  ])('depends on %s', (_, when, waits) =>
    expect(dueAfter(startWork, [rule({ when })]) !== undefined).toBe(waits),
  )
  it('is nothing once it is resolved', () =>
    expect(
      dueAfter(
        new commands.Resolve(NUMBER, { code: 'x', notes: 'x' }, by('agnes')),
        [rule()],
        scheduled(['Old', at('09:30')]),
      ),
    ).toBeUndefined())
  it('is nothing for an import, until it is activated', () => {
    const origin = { name: 'old desk', externalId: '1', row: 1, run: 'r' }
    const importedFirst = { channel: 'import' as const, source: origin }
    const story = (...events: ToldEvent<IncidentEvent>[]) =>
      given(...events).and(RULES, rulesPublished(1, rule()))
    // The story begins with an opening of its own, which this one replaces.
    const opening: ToldEvent<IncidentEvent> = {
      type: 'IncidentOpened',
      data: { title: 'x', audience: { kind: 'public' } },
      metadata: importedFirst,
    }
    story(opening).when(startWork).thenTypes('WorkStarted')
    story(opening)
      .when(new commands.ActivateIncident(NUMBER, { run: 'r' }, by('adam')))
      .thenTypes('IncidentActivated', 'EscalationsScheduled')
  })
})

describe('a rule whose time has come', () => {
  const waiting = scheduled(['Old', at('09:30')])
  const story = (acts: EscalationRule, ...events: ToldEvent<IncidentEvent>[]) =>
    given(waiting, ...events).and(RULES, rulesPublished(1, acts))

  it('informs the manager, or whom it says', () => {
    story(rule())
      .when(escalate(at('09:30')))
      .thenEvents({
        type: 'IncidentEscalated',
        data: { kind: 'hierarchical', informed: 'mia', rule: { version: 1, name: 'Old' } },
      })
    const named = rule({ action: { kind: 'hierarchical', informed: 'bob' } })
    expect(story(named).when(escalate(at('09:30'))).events[0]?.data).toMatchObject({ informed: 'bob' })
  })
  it('moves it to another group', () =>
    story(rule({ action: { kind: 'functional', group: 'database' } }))
      .when(escalate(at('09:30')))
      .thenTypes('IncidentEscalated', 'AssignedToGroup'))
  it('calls those on call, or says that nobody is', () => {
    story(rule({ action: { kind: 'on-call' } }))
      .when(escalate(at('09:30')))
      .thenTypes('OnCallPaged')
    story(rule({ action: { kind: 'on-call', group: 'database' } }))
      .when(escalate(at('09:30')))
      .thenTypes('OnCallExhausted')
  })
  it('does nothing before, nor when it no longer waits', () => {
    story(rule())
      .when(escalate(at('09:29')))
      .thenNothing()
    story(rule(), scheduled())
      .when(escalate(at('09:30')))
      .thenRefused('INCIDENT.NOT_DUE')
    story(rule(), resolved)
      .when(escalate(at('09:30')))
      .thenRefused('INCIDENT.NOT_OPEN')
    story(rule())
      .when(escalate(at('09:30'), 'Other'))
      .thenRefused('INCIDENT.NOT_DUE')
  })
  it('is judged by the version by which it waits', () =>
    given(waiting)
      .and(RULES, rulesPublished(1, rule()), rulesPublished(2))
      .when(escalate(at('09:30')))
      .thenTypes('IncidentEscalated'))
  it('acts once; anew for another priority, if it asks for one', () => {
    const done: IncidentEvent = {
      type: 'IncidentEscalated',
      data: { kind: 'hierarchical', informed: 'mia', rule: { version: 1, name: 'Old' } },
    }
    const events = [waiting, told(done, at('09:30'))]
    const late = { ...by('agnes', at('09:40')), reason: 'All stand' }
    const urgent = new commands.OverridePriority(NUMBER, { priority: 1 }, late)
    expect(dueAfter(urgent, [rule()], ...events)).toBeUndefined()
    expect(dueAfter(urgent, [rule({ when: { priorities: [1, 3] } })], ...events)).toEqual({
      Old: at('09:30'),
    })
    const backAgain = [...events, ofPriority(1, 3), told(done, at('09:40'))]
    const calm = new commands.OverridePriority(NUMBER, { priority: 3 }, late)
    expect(dueAfter(calm, [rule({ when: { priorities: [1, 3] } })], ...backAgain)).toBeUndefined()
  })
  it('looks at the age anew when the assignee has acted since', () => {
    const silent = rule({ since: 'assignee-update' })
    const events = [
      told(accepted('bob'), at('08:00'), 'bob'),
      told({ type: 'WorkNoteAdded', data: { text: 'x' } }, at('09:00'), 'bob'),
    ]
    story(silent, ...events)
      .when(escalate(at('09:30')))
      .thenEvents(scheduled(['Old', at('10:30')]))
    story(silent, ...events, scheduled(['Old', at('10:30')]))
      .when(escalate(at('10:30')))
      .thenTypes('IncidentEscalated')
  })
  it('calls nobody who was called anyway', () => {
    const calls = rule({ action: { kind: 'on-call' } })
    const call = new commands.PageOnCall(NUMBER, {}, by('agnes'))
    expect(dueAfter(call, [calls], waiting)).toEqual({})
    const answered = new commands.AcknowledgePage(NUMBER, {}, by('agnes'))
    expect(dueAfter(answered, [calls], openCall)).toBeUndefined()
  })
  it('waits for the answer to a call that is open for another group, and for its end', () => {
    const elsewhere = rule({ action: { kind: 'on-call', group: 'database' } })
    expect(dueAfter(new commands.PageOnCall(NUMBER, {}, by('agnes')), [elsewhere], waiting)).toEqual({})
    story(elsewhere, openCall)
      .when(escalate(at('09:30')))
      .thenRefused('INCIDENT.NOT_DUE')
    for (const ends of [
      new commands.AcknowledgePage(NUMBER, {}, by('bob')),
      new commands.Accept(NUMBER, {}, by('bob')),
      new commands.AssignToGroup(NUMBER, { group: 'database' }, by('agnes')),
    ])
      expect(dueAfter(ends, [elsewhere], openCall)).toEqual({ Old: at('09:30') })
    const last = told({ ...openCall, data: { ...openCall.data, order: 3, round: 2 } }, at('09:00'))
    const exhausted = new commands.PageNext(NUMBER, {}, byPolicy(at('09:10')))
    expect(dueAfter(exhausted, [elsewhere], last)).toEqual({ Old: at('09:30') })
  })
  it('acts once until a person has handed it on, however rules move it to and fro', () => {
    const toAndFro = [
      rule({
        name: 'a',
        when: { group: 'network' },
        since: 'assigned',
        afterMinutes: 0,
        action: { kind: 'functional', group: 'database' },
      }),
      rule({
        name: 'b',
        when: { group: 'database' },
        since: 'assigned',
        afterMinutes: 0,
        action: { kind: 'functional', group: 'network' },
      }),
    ]
    const first = given()
      .and(RULES, rulesPublished(1, ...toAndFro))
      .when(startWork).events
    const played = playedOut(
      toAndFro,
      first.map((event) => told(event, at('09:00'))),
    )
    expect(steps(played)).toEqual(['a', 'b'])
    const again = told(inGroup('database'), at('12:00'))
    const after = [...played, again, told(scheduled(['b', at('12:00')]), at('12:00'))]
    expect(steps(playedOut(toAndFro, after))).toEqual(['a', 'b', 'b', 'a'])
  })
  it('waits no longer for a state that was left', () =>
    expect(dueAfter(startWork, [rule({ when: { states: ['New'] } })], waiting)).toEqual({}))
  it('has no one to inform where nobody has it', () => {
    const nobody: IncidentEvent = {
      type: 'AssignedToGroup',
      data: { group: null, previousGroup: 'network', previousPerson: null },
    }
    story(rule(), nobody, started)
      .when(escalate(at('09:30')))
      .thenRefused('INCIDENT.MANAGER_UNKNOWN')
  })
})
