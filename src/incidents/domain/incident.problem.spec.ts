import type { EventMetadata, RecordedEvent } from '#libs/event-sourcing'
import { policySpec, recorded, type ToldEvent } from '#libs/testing'
import type { ProblemEvent } from '../../problems/domain/problem.events.js'
import * as commands from './incident.commands.js'
import type { IncidentEvent } from './incident.events.js'
import { problemLink } from './incident.problem.js'
import { catchUpWithProblems, followProblems, linkNamedIncidents } from './incident.problem.policies.js'
import { byPolicy, canceled, closed, given, NUMBER, resolved, started } from './incident.story.fixture.js'

const PROBLEM = 'PRB0000001'
const SURVIVOR = 'PRB0000002'

const linked = (problem = PROBLEM): IncidentEvent => ({
  type: 'LinkAdded',
  data: { link: problemLink(problem) },
})
const unlinked: IncidentEvent = { type: 'LinkRemoved', data: { link: problemLink(PROBLEM) } }
const held = (reason = 'awaiting-problem'): IncidentEvent => ({
  type: 'IncidentHeld',
  data: { hold: { reason }, listVersion: 0, awaitsCaller: false },
})
const toldWorkaround = (number: number): IncidentEvent => ({
  type: 'WorkNoteAdded',
  data: { text: 'Restart', workaroundOf: { problem: PROBLEM, number } },
})

describe('an incident', () => {
  type Step = { step: 'resolve' | 'resume' | 'catch-up' } | { step: 'relink'; survivor: string }
  const follow = (data: Step) => new commands.FollowProblem(NUMBER, { problem: PROBLEM, ...data }, byPolicy())
  const workaround = (number: number) =>
    new commands.FollowProblem(
      NUMBER,
      { problem: PROBLEM, step: 'workaround', text: 'Restart', number },
      byPolicy(),
    )

  it('is told each workaround of its problem once, and none that is older, as long as it is open', () => {
    given(linked()).when(workaround(1)).thenEvents(toldWorkaround(1))
    given(linked(), toldWorkaround(1)).when(workaround(1)).thenNothing()
    given(linked(), toldWorkaround(2)).when(workaround(1)).thenNothing()
    given(linked(), toldWorkaround(1)).when(workaround(2)).thenEvents(toldWorkaround(2))
    given(linked(), held()).when(workaround(1)).thenEvents(toldWorkaround(1))
    for (const end of [[resolved], [resolved, closed], [canceled]])
      given(linked(), ...end)
        .when(workaround(1))
        .thenNothing()
  })

  it('that waits for its problem goes on, or is resolved; one that waits for something else stays', () => {
    given(linked(), held())
      .when(follow({ step: 'resume' }))
      .thenEvents({ type: 'IncidentResumed', data: { cause: 'problem-ended' } })
    given(linked(), held())
      .when(follow({ step: 'resolve' }))
      .thenEvents({
        type: 'IncidentResolved',
        data: {
          code: 'problem-fixed',
          notes: `Resolved because the fix of ${PROBLEM} was applied.`,
          resolvedBy: null,
          cause: 'problem-resolved',
          settingsVersion: 0,
        },
      } as IncidentEvent)
    for (const state of [[], [started], [held('awaiting-vendor')], [resolved]])
      for (const step of ['resolve', 'resume'] as const)
        given(linked(), ...state)
          .when(follow({ step }))
          .thenNothing()
  })

  it('that began, or was opened again, after the fix goes on: the fix has not cured it', () => {
    const at = (time: string) => ({ occurredAt: `2026-01-05T${time}:00.000Z` })
    const fixedAt = (time: string): ToldEvent<ProblemEvent> => ({
      type: 'ProblemResolved',
      data: { notes: 'x', heldIncidents: 'resolve', settingsVersion: 0 },
      metadata: at(time),
    })
    const reopened: ToldEvent<IncidentEvent> = {
      type: 'IncidentReopened',
      data: { from: 'Resolved', to: 'In Progress', count: 1 },
      metadata: at('08:40'),
    }
    // Opened at 08:00
    const typesAfter = (fixed: string, more: readonly ToldEvent<IncidentEvent>[] = []) =>
      (['resolve', 'catch-up'] as const).map((step) =>
        given(linked(), ...more, held())
          .and(`problem-${PROBLEM}`, fixedAt(fixed))
          .when(follow({ step }))
          .events.map(({ type }) => type),
      )
    const both = (type: IncidentEvent['type']) => [[type], [type]]
    expect(typesAfter('07:00')).toEqual(both('IncidentResumed'))
    expect(typesAfter('08:30')).toEqual(both('IncidentResolved'))
    const again = [resolved, reopened]
    expect(typesAfter('08:30', again)).toEqual(both('IncidentResumed'))
    expect(typesAfter('08:50', again)).toEqual(both('IncidentResolved'))
  })

  it('goes over to the survivor of a duplicate, in every state, and never back', () => {
    const removed: IncidentEvent = {
      type: 'LinkRemoved',
      data: { link: problemLink(PROBLEM), relinkedTo: SURVIVOR },
    }
    const relink = follow({ step: 'relink', survivor: SURVIVOR })
    for (const state of [[], [held()], [resolved, closed]])
      given(linked(), ...state)
        .when(relink)
        .thenEvents(removed, linked(SURVIVOR))
    given(linked(), linked(SURVIVOR)).when(relink).thenEvents(removed)
    given(linked(), removed, linked(SURVIVOR))
      .when(
        new commands.FollowProblem(
          NUMBER,
          { problem: SURVIVOR, step: 'relink', survivor: PROBLEM },
          byPolicy(),
        ),
      )
      .thenRefused('INCIDENT.RELINKED_ALREADY')
    // Each is the other's duplicate: neither goes on
    given(linked(), held(), removed, linked(SURVIVOR))
      .when(
        new commands.FollowProblem(
          NUMBER,
          { problem: SURVIVOR, step: 'relink', survivor: PROBLEM },
          byPolicy(),
        ),
      )
      .thenEvents({ type: 'IncidentResumed', data: { cause: 'problem-ended' } })
  })

  it('that waits with several problems behind it waits until none of them goes on', () => {
    const open: ProblemEvent = {
      type: 'ProblemOpened',
      data: { title: 'Another', affectedCis: [], origin: 'reactive' },
    }
    const ended: ProblemEvent = { type: 'ProblemRiskAccepted', data: { from: 'Assess', notes: 'x' } }
    const both = () => given(linked(), linked(SURVIVOR), held())
    for (const step of ['resolve', 'resume'] as const)
      both().and(`problem-${SURVIVOR}`, open).when(follow({ step })).thenNothing()
    const resumed: IncidentEvent = { type: 'IncidentResumed', data: { cause: 'problem-ended' } }
    both()
      .and(`problem-${SURVIVOR}`, open, ended)
      .when(follow({ step: 'resume' }))
      .thenEvents(resumed)
    // What leads to no problem here never ends
    both()
      .when(follow({ step: 'resume' }))
      .thenEvents(resumed)
  })

  it('catches up with what its problem has come to', () => {
    const catchUp = follow({ step: 'catch-up' })
    const open: ProblemEvent = {
      type: 'ProblemOpened',
      data: { title: 'Mail is slow', affectedCis: [], origin: 'reactive' },
    }
    const known: readonly ProblemEvent[] = [
      open,
      { type: 'WorkaroundRecorded', data: { workaround: 'Restart', number: 1, previous: null } },
      { type: 'KnownErrorDeclared', data: {} },
    ]
    const accepted: ProblemEvent = { type: 'ProblemRiskAccepted', data: { from: 'Assess', notes: 'x' } }
    const behind = `problem-${PROBLEM}`
    const story = (...events: ProblemEvent[]) => given(linked(), held()).and(behind, ...events)
    story(open).when(catchUp).thenNothing()
    story(...known)
      .when(catchUp)
      .thenEvents(toldWorkaround(1))
    story(...known, accepted)
      .when(catchUp)
      .thenEvents(toldWorkaround(1), { type: 'IncidentResumed', data: { cause: 'problem-ended' } })
    given(linked(), toldWorkaround(1), held('awaiting-vendor'))
      .and(behind, ...known, accepted)
      .when(catchUp)
      .thenNothing()
    given(linked()).when(catchUp).thenNothing()
  })

  it('follows no problem that it is not linked to', () => {
    given()
      .when(follow({ step: 'resume' }))
      .thenRefused('INCIDENT.NOT_ITS_PROBLEM')
    given(linked(), unlinked).when(workaround(1)).thenRefused('INCIDENT.NOT_ITS_PROBLEM')
  })
})

type Told = RecordedEvent<IncidentEvent | ProblemEvent>
const ofIncident = (number: string, event: IncidentEvent, metadata: Partial<EventMetadata> = {}): Told =>
  recorded(`incident-${number}`, [event], metadata)[0]! as Told
const ofProblem = (event: ProblemEvent, problem = PROBLEM): Told =>
  recorded(`problem-${problem}`, [event])[0]! as Told

describe('the policy of problems', () => {
  const known: Told = ofProblem({ type: 'KnownErrorDeclared', data: {} })
  const noted = (number: number): Told =>
    ofProblem({ type: 'WorkaroundRecorded', data: { workaround: 'Restart', number, previous: null } })
  const one = ofIncident('INC1', linked())
  const two = ofIncident('INC2', linked())
  const fixed = (heldIncidents: 'resolve' | 'resume'): Told =>
    ofProblem({ type: 'ProblemResolved', data: { notes: 'x', heldIncidents, settingsVersion: 0 } })
  const accepted = ofProblem({ type: 'ProblemRiskAccepted', data: { from: 'Assess', notes: 'x' } })
  const canceledProblem = ofProblem({ type: 'ProblemCanceled', data: { from: 'New', notes: 'x' } })
  const duplicate = ofProblem({
    type: 'ProblemMarkedDuplicate',
    data: { from: 'New', survivor: SURVIVOR, notes: null },
  })
  const again = ofProblem({
    type: 'ProblemReanalysed',
    data: { from: 'Resolved', outcome: 'fix applied', notes: 'x' },
  })
  const policy = policySpec(followProblems)
  const command = (id: string, data: object) => ({
    type: 'FollowProblem',
    id,
    data: { problem: PROBLEM, ...data },
  })
  const told = (id: string, number = 1) => command(id, { step: 'workaround', text: 'Restart', number })

  it('tells the workaround of a known error to every incident, in whatever order it becomes one', () => {
    policy.given(one, two, noted(1)).when(known).thenCommands(told('INC1'), told('INC2'))
    policy.given(one, two, known).when(noted(1)).thenCommands(told('INC1'), told('INC2'))
    policy.given(noted(1), known).when(one).thenCommands(told('INC1'))
    policy.given(one, noted(1)).when(two).thenNothing()
    policy.given(one).when(known).thenNothing()
    policy.given(one).when(noted(1)).thenNothing()
    policy.given(one, known, noted(1)).when(noted(2)).thenCommands(told('INC1', 2))
  })

  it('tells it no more when it is none any more, is fixed, or the incident has let go', () => {
    const withdrawn = ofProblem({ type: 'KnownErrorWithdrawn', data: { notes: 'x' } })
    policy.given(noted(1), known, withdrawn).when(one).thenNothing()
    policy.given(one, noted(1), known, withdrawn).when(noted(2)).thenNothing()
    policy
      .given(noted(1), known, fixed('resume'))
      .when(one)
      .thenCommands(command('INC1', { step: 'resume' }))
    policy
      .given(noted(1), known, accepted)
      .when(one)
      .thenCommands(told('INC1'), command('INC1', { step: 'resume' }))
    policy.given(one, ofIncident('INC1', unlinked), known).when(noted(1)).thenNothing()
  })

  it.each([
    ['a fix that resolves', fixed('resolve'), { step: 'resolve' }],
    ['a fix that resumes', fixed('resume'), { step: 'resume' }],
    ['an accepted risk', accepted, { step: 'resume' }],
    ['a cancellation', canceledProblem, { step: 'resume' }],
    ['a duplicate', duplicate, { step: 'relink', survivor: SURVIVOR }],
  ])('by %s: incidents that are linked before, and those after', (_, end, step) => {
    policy.given(one, two).when(end).thenCommands(command('INC1', step), command('INC2', step))
    policy.given(end).when(one).thenCommands(command('INC1', step))
    policy.given(one, ofIncident('INC1', unlinked)).when(end).thenNothing()
  })

  it('waits again for what is analysed again', () => {
    policy.given(one, fixed('resolve'), again).when(two).thenNothing()
    policy
      .given(one, fixed('resolve'), again)
      .when(fixed('resume'))
      .thenCommands(command('INC1', { step: 'resume' }))
  })

  it('tells the workaround of a restricted problem to nobody, until everybody may see it', () => {
    const audienceOf = (kind: 'public' | 'participants'): Told =>
      ofProblem({
        type: 'ProblemAudienceChanged',
        data: { audience: { kind }, previous: { kind: 'public' }, tasks: [] },
      })
    policy.given(one, audienceOf('participants'), known).when(noted(1)).thenNothing()
    policy.given(audienceOf('participants'), known, noted(1)).when(two).thenNothing()
    policy
      .given(one, audienceOf('participants'), known, noted(1))
      .when(audienceOf('public'))
      .thenCommands(told('INC1'))
  })

  it('tells the workaround to those that were linked while it had ended, once it is analysed again', () => {
    policy.given(noted(1), known, fixed('resolve'), one).when(again).thenCommands(told('INC1'))
    policy.given(one, noted(1), known, fixed('resolve'), noted(2)).when(again).thenCommands(told('INC1', 2))
    policy.given(noted(1), fixed('resolve'), one).when(again).thenNothing()
  })

  it('waits no longer for what a source says has ended, and never resolves on its account', () => {
    type Observed = Extract<ProblemEvent, { type: 'ProblemStateObserved' }>['data']
    const observed = (to: Observed['to'], more: Partial<Observed> = {}) =>
      ofProblem({ type: 'ProblemStateObserved', data: { from: 'Assess', to, ...more } })
    const resume = command('INC1', { step: 'resume' })
    for (const outcome of [undefined, 'fix applied', 'duplicate'] as const)
      policy.given(observed('Closed', { outcome })).when(one).thenCommands(resume)
    policy.given(noted(1), known, observed('Closed')).when(one).thenCommands(resume)
    policy.given(observed('Resolved'), observed('Assess')).when(one).thenNothing()
    policy.given(observed('On Hold')).when(one).thenNothing()
    policy.given(observed('Resolved'), observed('On Hold')).when(one).thenCommands(resume)
    // Decided here, closed by the source
    policy
      .given(fixed('resolve'), observed('Closed'))
      .when(one)
      .thenCommands(command('INC1', { step: 'resolve' }))
  })

  it('does nothing for what an import tells, and acts for it once something happens here', () => {
    const imported = ofIncident('INC1', linked(), { channel: 'import' })
    policy.given(noted(1), known).when(imported).thenNothing()
    policy.given(noted(1), imported).when(known).thenCommands(told('INC1'))
    const observed = ofProblem({ type: 'ProblemFindingsObserved', data: { workaround: 'Restart' } })
    policy.given(observed, one).when(known).thenCommands(told('INC1'))
  })

  it('keeps no trace of a problem without incidents of which nothing is known', () => {
    const story = policy.given(one, ofIncident('INC1', unlinked))
    expect(story.state(`problem-${PROBLEM}`)).toBe(followProblems.initial)
    const other = ofIncident('INC1', {
      type: 'LinkAdded',
      data: { link: { relation: 'related-to', targetType: 'problem', target: PROBLEM } },
    })
    expect(followProblems.key(other)).toBeUndefined()
  })

  it('a named incident is linked', () => {
    const named = ofProblem({ type: 'ProblemIncidentsNamed', data: { incidents: ['INC1', 'INC2'] } })
    const link = problemLink(PROBLEM)
    policySpec(linkNamedIncidents)
      .given()
      .when(named as RecordedEvent<ProblemEvent>)
      .thenCommands({ type: 'AddLink', id: 'INC1', data: link }, { type: 'AddLink', id: 'INC2', data: link })
    policySpec(linkNamedIncidents)
      .given()
      .when(known as RecordedEvent<ProblemEvent>)
      .thenNothing()
  })
})

describe('the policy of catching up', () => {
  const policy = policySpec(catchUpWithProblems)
  const told = (event: IncidentEvent) => ofIncident('INC1', event) as RecordedEvent<IncidentEvent>
  const catchUp = (problem: string) => ({
    type: 'FollowProblem',
    id: 'INC1',
    data: { problem, step: 'catch-up' },
  })
  const changed = (reason: string): IncidentEvent => ({
    type: 'HoldReasonChanged',
    data: { previous: { reason: 'x' }, hold: { reason }, listVersion: 0, awaitsCaller: false },
  })
  const reopened: IncidentEvent = {
    type: 'IncidentReopened',
    data: { from: 'Resolved', reason: 'x' },
  } as never

  it('asks each problem when the incident begins to wait for them, or is open again', () => {
    const linkedTwice = () => policy.given(told(linked()), told(linked(SURVIVOR)))
    for (const event of [held(), changed('awaiting-problem'), reopened])
      linkedTwice().when(told(event)).thenCommands(catchUp(PROBLEM), catchUp(SURVIVOR))
    for (const event of [held('awaiting-vendor'), changed('awaiting-vendor'), linked()])
      linkedTwice().when(told(event)).thenNothing()
    policy.given().when(told(held())).thenNothing()
  })

  it('asks those that are left when it lets go of one', () => {
    policy
      .given(told(linked()), told(linked(SURVIVOR)))
      .when(told(unlinked))
      .thenCommands(catchUp(SURVIVOR))
    policy.given(told(linked())).when(told(unlinked)).thenNothing()
  })

  it('knows links that were imported, and keeps no trace of an incident without any', () => {
    const imported = ofIncident('INC1', linked(), { channel: 'import' }) as RecordedEvent<IncidentEvent>
    policy.given(imported).when(told(held())).thenCommands(catchUp(PROBLEM))
    const story = policy.given(told(linked()), told(unlinked), told(held()))
    expect(story.state('incident-INC1')).toBe(catchUpWithProblems.initial)
  })
})
