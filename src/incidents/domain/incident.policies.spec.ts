import type { EventMetadata } from '#libs/event-sourcing'
import type { AnyPolicy, Reaction } from '#libs/projections-runtime'
import { commandMetadata, recorded } from '#libs/testing'
import type { IncidentEvent } from './incident.events.js'
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
