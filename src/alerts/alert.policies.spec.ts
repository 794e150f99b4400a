import { derivedId, type RecordedEvent } from '#libs/event-sourcing'
import { policySpec, recorded } from '#libs/testing'
import type { IncidentEvent } from '../incidents/domain/incident.events.js'
import { alertBinding, alertIncident } from './alert.policies.js'
import type { AlertEvent } from './domain/alert.events.js'

const ALERT = '6590645e-6164-5181-bc99-64f5d4746814'
const AT = '2026-01-05T08:00:00.000Z'

const ofAlert = (event: AlertEvent) => recorded(`alert-${ALERT}`, [event])[0] as RecordedEvent<AlertEvent>
const ofIncident = (number: string, event: IncidentEvent) =>
  recorded(`incident-${number}`, [event])[0] as RecordedEvent<IncidentEvent>

const requested = (episode: number) =>
  ofAlert({
    type: 'AlertIncidentRequested',
    data: {
      episode,
      previous: null,
      incident: { title: 'Disk', group: 'Network', detectedAt: AT },
      mapping: { version: 1, rules: [] },
    },
  })
const bound = (data: Partial<Extract<AlertEvent, { type: 'AlertIncidentBound' }>['data']> = {}) =>
  ofAlert({
    type: 'AlertIncidentBound',
    data: { number: 'INC2', episode: 2, previous: null, condition: 'firing', count: 3, ...data },
  })
const observe = (number: string, condition: 'firing' | 'cleared', clearedAt?: string) => ({
  type: 'ObserveAlertCondition',
  id: number,
  data: { alert: ALERT, condition, count: 3, clearedAt },
})

describe('alert_incident', () => {
  const policy = () => policySpec(alertIncident).given()

  it('opens one incident for each episode, under an id that follows from it', () => {
    const reactions = policy().when(requested(2))
    reactions.thenCommands({
      type: 'OpenIncident',
      id: undefined,
      data: { title: 'Disk', assignmentGroup: 'Network', contactType: 'alert', detectedAt: AT, alert: ALERT },
    })
    expect(reactions.commands[0]?.metadata.commandId).toBe(derivedId('alert-incident', ALERT, 2))
    expect(policy().when(requested(3)).commands[0]?.metadata.commandId).toBe(
      derivedId('alert-incident', ALERT, 3),
    )
  })

  it('links a new incident to the one before, and tells it what it has missed', () => {
    const link = {
      type: 'AddLink',
      id: 'INC2',
      data: { relation: 'related-to', targetType: 'incident', target: 'INC1' },
    }
    policy().when(bound()).thenNothing()
    policy()
      .when(bound({ previous: 'INC1' }))
      .thenCommands(link)
    policy()
      .when(bound({ previous: 'INC1', condition: 'cleared' }))
      .thenCommands(link, observe('INC2', 'cleared'))
    policy()
      .when(bound({ previous: 'INC1', merged: true }))
      .thenCommands(observe('INC2', 'firing'))
  })

  it('tells the incident that its event names, and no other', () => {
    const repeated = (incident?: string) =>
      ofAlert({ type: 'AlertRepeated', data: { count: 3, firing: 1, hash: 'h', incident } })
    policy().when(repeated('INC1')).thenCommands(observe('INC1', 'firing'))
    const cleared = (incident?: string) =>
      ofAlert({ type: 'AlertCleared', data: { count: 3, hash: 'h', clearedAt: AT, incident } })
    policy()
      .when(cleared('INC1'))
      .thenCommands(observe('INC1', 'cleared', AT))
    policy().when(cleared()).thenNothing()
    // A storm is none of its business
    expect(alertIncident.key(repeated())).toBeUndefined()
  })
})

describe('alert_binding', () => {
  const opened = (alert?: string) =>
    ofIncident('INC1', {
      type: 'IncidentOpened',
      data: { title: 'Disk', audience: { kind: 'public' }, alert },
    })
  const bind = (data: object) => ({ type: 'BindAlertIncident', id: ALERT, data })

  it('tells an alert the number of its incident', () => {
    policySpec(alertBinding)
      .given()
      .when(opened(ALERT))
      .thenCommands(bind({ number: 'INC1' }))
    expect(alertBinding.key(opened())).toBeUndefined()
  })

  it('has the alert look for another incident when it fires', () => {
    const told = (condition: 'firing' | 'cleared') =>
      ofIncident('INC1', { type: 'AlertConditionObserved', data: { alert: ALERT, condition, count: 3 } })
    const story = policySpec(alertBinding).given()
    story
      .when(told('firing'))
      .thenCommands({ type: 'ReplaceAlertIncident', id: ALERT, data: { number: 'INC1' } })
    story.when(told('cleared')).thenNothing()
  })

  it('lets every alert of a duplicate follow to the survivor', () => {
    const merged = (number: string, survivor: string) =>
      ofIncident(number, { type: 'IncidentMerged', data: { survivor, caller: null, watchers: [] } })
    const story = policySpec(alertBinding).given(bound())
    story.when(merged('INC2', 'INC9')).thenCommands(bind({ number: 'INC9', instead: 'INC2' }))
    story.when(bound({ number: 'INC9', previous: 'INC2', merged: true })).thenNothing()
    story.when(merged('INC9', 'INC10')).thenCommands(bind({ number: 'INC10', instead: 'INC9' }))
    story.when(merged('INC3', 'INC4')).thenNothing()
  })
})
