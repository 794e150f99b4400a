import type { EventMetadata } from '#libs/event-sourcing'
import type { AnyPolicy, Reaction } from '#libs/projections-runtime'
import { commandMetadata, policySpec, recorded } from '#libs/testing'
import { escalationRules, onCallPaging } from './incident.escalation.policies.js'
import type { IncidentEvent } from './incident.events.js'
import { childrenFollow } from './incident.family.policies.js'
import { overdueUpdates, proposeParents } from './incident.major.policies.js'
import { autoClose, holdExpiry, incidentPolicies, silentCaller, watchSurvivor } from './incident.policies.js'

// Their states differ
type Policy = AnyPolicy
const STREAM = 'incident-INC0000001'

/** Timers that stand after these events, as the runner would keep them: imports arm nothing, a forgotten key cancels. */
function timersAfter(
  policy: Policy,
  events: IncidentEvent[],
  metadata: Partial<EventMetadata> = {},
): Record<string, string> {
  let state = policy.initial
  let timers: Record<string, string> = {}
  for (const event of recorded(STREAM, events, metadata)) {
    if (policy.key(event) === undefined) continue
    const next = policy.evolve(state, event)
    if (next === null) timers = {}
    state = next ?? policy.initial
    if (metadata.channel === 'import') continue
    for (const reaction of policy.react(event, state)) {
      if (reaction.kind === 'setTimer') timers[reaction.name] = reaction.at
      if (reaction.kind === 'cancelTimer') delete timers[reaction.name]
    }
  }
  return timers
}

function commandsOf(reactions: readonly Reaction[] | undefined) {
  return (reactions ?? []).flatMap((reaction) => {
    if (reaction.kind !== 'command') return []
    const { type, id, data } = reaction.build(commandMetadata())
    return [{ type, id, data }]
  })
}

const fired = (policy: Policy, name: string) =>
  commandsOf(policy.onTimer?.({ name, key: STREAM, dueAt: '2026-01-12T08:00:00.000Z' }, { armed: true }))

const AT = '2026-01-12T08:00:00.000Z'
const resolved: IncidentEvent = {
  type: 'IncidentResolved',
  data: { code: 'fixed', notes: 'x', resolvedBy: 'agnes', autoCloseAt: AT },
}
const held: IncidentEvent = {
  type: 'IncidentHeld',
  data: { hold: { reason: 'awaiting-caller', until: AT }, listVersion: 0, awaitsCaller: true, remindAt: AT },
}
const heldOtherwise: IncidentEvent = {
  type: 'HoldReasonChanged',
  data: { hold: { reason: 'awaiting-vendor' }, previous: { reason: 'awaiting-caller' }, listVersion: 0 },
}
const resumed: IncidentEvent = { type: 'IncidentResumed', data: { cause: 'agent' } }
const reminded: IncidentEvent = { type: 'CallerReminded', data: { count: 1, resolveAt: AT } }
const comment: IncidentEvent = { type: 'CommentAdded', data: { text: 'x' } }
const reopened: IncidentEvent = {
  type: 'IncidentReopened',
  data: { from: 'Resolved', to: 'In Progress', count: 1 },
}
const closed: IncidentEvent = { type: 'IncidentClosed', data: { cause: 'caller' } }

describe('automatic close', () => {
  it('waits for the time that the resolution names', () => {
    expect(timersAfter(autoClose, [resolved, comment])).toEqual({ 'auto-close': AT })
    expect(fired(autoClose, 'auto-close')).toEqual([
      { type: 'Close', id: 'INC0000001', data: { cause: 'auto-close' } },
    ])
  })
  it('is off when the settings say so', () =>
    expect(
      timersAfter(autoClose, [{ ...resolved, data: { ...resolved.data, autoCloseAt: undefined } }]),
    ).toEqual({}))
  it.each([reopened, closed])('is off after $type', (event) =>
    expect(timersAfter(autoClose, [resolved, event])).toEqual({}),
  )
})

describe('the end of a hold', () => {
  it('wakes the incident up', () => {
    expect(timersAfter(holdExpiry, [held])).toEqual({ 'hold-expired': AT })
    expect(fired(holdExpiry, 'hold-expired')).toEqual([
      { type: 'Resume', id: 'INC0000001', data: { cause: 'hold-expired' } },
    ])
  })
  it.each([resumed, heldOtherwise, resolved])('is off after $type', (event) =>
    expect(timersAfter(holdExpiry, [held, event])).toEqual({}),
  )
  it('stays over comments', () =>
    expect(timersAfter(holdExpiry, [held, comment])).toEqual({ 'hold-expired': AT }))
})

describe('a silent caller', () => {
  it('is reminded, then loses the incident', () => {
    expect(timersAfter(silentCaller, [held])).toEqual({ 'remind-caller': AT })
    expect(fired(silentCaller, 'remind-caller')).toEqual([
      { type: 'RemindCaller', id: 'INC0000001', data: {} },
    ])
    expect(timersAfter(silentCaller, [held, reminded])).toMatchObject({ 'resolve-silent': AT })
    expect(fired(silentCaller, 'resolve-silent')).toMatchObject([
      { type: 'Resolve', data: { code: 'no-answer', cause: 'silent-caller' } },
    ])
  })
  it.each([resumed, heldOtherwise, resolved])('is left alone after $type', (event) => {
    expect(timersAfter(silentCaller, [held, event])).toEqual({})
    expect(timersAfter(silentCaller, [held, reminded, event])).toEqual({})
  })
})

describe('a merge', () => {
  it('makes the caller and the watchers watch the survivor, each once', () => {
    const [event] = recorded<IncidentEvent>(STREAM, [
      { type: 'IncidentMerged', data: { survivor: 'INC0000002', caller: 'carl', watchers: ['bob', 'carl'] } },
    ])
    if (event === undefined) throw new Error('no event')
    expect(commandsOf(watchSurvivor.react(event, { armed: false }))).toEqual([
      { type: 'AddWatcher', id: 'INC0000002', data: { person: 'carl' } },
      { type: 'AddWatcher', id: 'INC0000002', data: { person: 'bob' } },
    ])
  })
})

describe('imported events', () => {
  it('arm nothing, and disarm what was armed', () => {
    for (const policy of incidentPolicies)
      expect(timersAfter(policy, [held, resolved], { channel: 'import' })).toEqual({})
    const story: IncidentEvent[] = [held, { type: 'StateObserved', data: { from: 'On Hold', to: 'New' } }]
    expect(timersAfter(holdExpiry, story)).toEqual({})
  })

  it('are armed by the activation', () => {
    const activated: IncidentEvent = {
      type: 'IncidentActivated',
      data: { run: 'r', autoCloseAt: AT, until: AT, remindAt: AT },
    }
    expect(timersAfter(autoClose, [activated])).toEqual({ 'auto-close': AT })
    expect(timersAfter(holdExpiry, [activated])).toEqual({ 'hold-expired': AT })
    expect(timersAfter(silentCaller, [activated])).toEqual({ 'remind-caller': AT })
  })
})

describe('escalation rules', () => {
  const scheduled = (...rules: string[]): IncidentEvent => ({
    type: 'EscalationsScheduled',
    data: { rulesVersion: 3, due: rules.map((rule) => ({ rule, at: AT })) },
  })
  it('wait for what the latest schedule says, and for nothing once it is resolved', () => {
    expect(timersAfter(escalationRules, [scheduled('Old', 'Silent')])).toEqual({
      'rule Old': AT,
      'rule Silent': AT,
    })
    expect(timersAfter(escalationRules, [scheduled('Old', 'Silent'), scheduled('Silent')])).toEqual({
      'rule Silent': AT,
    })
    expect(timersAfter(escalationRules, [scheduled('Old'), resolved])).toEqual({})
    expect(timersAfter(escalationRules, [scheduled('Old'), scheduled()])).toEqual({})
  })
  it('are applied by the version that was in force', () => {
    policySpec(escalationRules)
      .given(...recorded<IncidentEvent>(STREAM, [scheduled('Old')]))
      .whenDue('rule Old')
      .thenCommands({
        type: 'EscalateByRule',
        id: 'INC0000001',
        data: { rule: { version: 3, name: 'Old' } },
      })
  })
})

describe('a call', () => {
  const paged: IncidentEvent = {
    type: 'OnCallPaged',
    data: { group: 'network', person: 'bob', order: 1, round: 1, acknowledgeBy: AT },
  }
  it('goes on when it is not answered in time', () => {
    expect(timersAfter(onCallPaging, [paged])).toEqual({ 'page-next': AT })
    expect(fired(onCallPaging, 'page-next')).toEqual([{ type: 'PageNext', id: 'INC0000001', data: {} }])
  })
  it.each<IncidentEvent>([
    { type: 'OnCallAcknowledged', data: { person: 'bob' } },
    { type: 'OnCallExhausted', data: { group: 'network' } },
    { type: 'IncidentAccepted', data: { person: 'bob', previousPerson: null } },
    resolved,
  ])('is over after $type', (event) => expect(timersAfter(onCallPaging, [paged, event])).toEqual({}))
})

describe('a promised update', () => {
  const promoted: IncidentEvent = {
    type: 'MajorIncidentPromoted',
    data: { manager: 'mia', nextUpdateAt: AT },
  }
  const posted: IncidentEvent = {
    type: 'MajorIncidentUpdatePosted',
    data: { text: 'x', visibility: 'public' },
  }
  it('is waited for until it comes', () => {
    expect(timersAfter(overdueUpdates, [promoted])).toEqual({ 'update-overdue': AT })
    expect(fired(overdueUpdates, 'update-overdue')).toEqual([
      { type: 'RemindOfUpdate', id: 'INC0000001', data: {} },
    ])
    expect(timersAfter(overdueUpdates, [promoted, posted])).toEqual({})
    const overdue = (remindAt?: string): IncidentEvent => ({
      type: 'MajorIncidentUpdateOverdue',
      data: { promisedAt: AT, count: 1, remindAt },
    })
    expect(timersAfter(overdueUpdates, [promoted, overdue(AT)])).toEqual({ 'update-overdue': AT })
    expect(timersAfter(overdueUpdates, [promoted, overdue()])).toEqual({})
  })
  it('is waited for again when the incident is reopened', () => {
    const promisedAnew: IncidentEvent = {
      type: 'MajorIncidentUpdatePromised',
      data: { nextUpdateAt: AT, settingsVersion: 1 },
    }
    expect(timersAfter(overdueUpdates, [promoted, resolved, promisedAnew])).toEqual({ 'update-overdue': AT })
  })
  it.each<IncidentEvent>([resolved, { type: 'MajorIncidentDemoted', data: {} }])(
    'is waited for no longer after $type',
    (event) => expect(timersAfter(overdueUpdates, [promoted, event])).toEqual({}),
  )
})

describe('a family', () => {
  const linked = (child: string) =>
    recorded<IncidentEvent>(`incident-${child}`, [{ type: 'ParentLinked', data: { parent: 'INC0000001' } }])
  const unlinked = (child: string) =>
    recorded<IncidentEvent>(`incident-${child}`, [{ type: 'ParentUnlinked', data: { parent: 'INC0000001' } }])
  const ofParent = (event: IncidentEvent) => recorded<IncidentEvent>(STREAM, [event])[0]!
  const at = '2026-01-05T08:00:00.000Z'

  it('does as its parent does, as long as it is one', () => {
    const told = policySpec(childrenFollow).given(
      ...linked('INC0000002'),
      ...linked('INC0000003'),
      ...unlinked('INC0000003'),
    )
    const data = { parent: 'INC0000001', at }
    told
      .when(ofParent({ type: 'WorkStarted', data: {} }))
      .thenCommands({ type: 'FollowParent', id: 'INC0000002', data: { ...data, step: 'progress' } })
    told
      .when(ofParent(held))
      .thenCommands({ type: 'FollowParent', id: 'INC0000002', data: { ...data, step: 'hold' } })
    told.when(ofParent(resolved)).thenCommands({
      type: 'FollowParent',
      id: 'INC0000002',
      data: { ...data, step: 'resolve', code: 'fixed', resolvedBy: 'agnes' },
    })
    told
      .when(ofParent({ type: 'IncidentCanceled', data: { code: 'x', notes: null } }))
      .thenCommands({ type: 'FollowParent', id: 'INC0000002', data: { ...data, step: 'release' } })
    told
      .when(ofParent({ type: 'IncidentReopened', data: { from: 'Resolved', to: 'In Progress', count: 1 } }))
      .thenCommands({ type: 'FollowParent', id: 'INC0000002', data: { ...data, step: 'reopen' } })
    told.when(ofParent(comment)).thenNothing()
  })
  it('is told by its parent’s author what is meant for it, in her name', () => {
    const said: IncidentEvent = { type: 'CommentAdded', data: { text: 'Back by noon', forChildren: true } }
    const told = policySpec(childrenFollow).given(...linked('INC0000002'))
    const [follow] = told.when(ofParent(said)).commands
    expect(follow).toMatchObject({
      type: 'FollowParent',
      id: 'INC0000002',
      data: { parent: 'INC0000001', at, step: 'comment', text: 'Back by noon' },
      metadata: { attributedTo: 'agnes' },
    })
    // What a child was told so goes no further
    told
      .when(ofParent({ type: 'CommentAdded', data: { text: 'Back by noon', ofParent: 'INC0000009' } }))
      .thenNothing()
  })
  it('is joined by each child once its link stands', () => {
    const [link] = linked('INC0000002')
    const joins = { type: 'JoinParent', id: 'INC0000002', data: { parent: 'INC0000001', at } }
    policySpec(childrenFollow).given().when(link!).thenCommands(joins)
    const [unlink] = unlinked('INC0000002')
    policySpec(childrenFollow)
      .given(...linked('INC0000002'))
      .when(unlink!)
      .thenNothing()
  })
  it('that is large is brought to the rules of major incidents, with its size', () => {
    const [second] = linked('INC0000003')
    policySpec(proposeParents)
      .given(...linked('INC0000002'))
      .when(second!)
      .thenCommands({ type: 'ProposeMajorIncident', id: 'INC0000001', data: { children: 2 } })
  })
})
