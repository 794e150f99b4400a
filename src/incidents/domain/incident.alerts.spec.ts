import { commandMetadata, deciderSpec, type ToldEvent } from '#libs/testing'
import { ObserveAlertCondition } from './incident.commands.js'
import { incidentDecider } from './incident.decider.js'
import type { IncidentEvent } from './incident.events.js'

const byPolicy = { channel: 'policy', actor: 'system:alert_incident' } as const
const opened: ToldEvent<IncidentEvent> = {
  type: 'IncidentOpened',
  data: { title: 'The disk is full', audience: { kind: 'public' }, alert: 'a1' },
  metadata: byPolicy,
}
const routed: ToldEvent<IncidentEvent> = {
  type: 'AssignedToGroup',
  data: { group: 'Network', previousGroup: null, previousPerson: null },
  metadata: byPolicy,
}
const watched: ToldEvent<IncidentEvent> = { type: 'WatcherAdded', data: { person: 'ann' } }
const resolved: ToldEvent<IncidentEvent> = {
  type: 'IncidentResolved',
  data: { code: 'fixed', notes: 'Emptied', resolvedBy: 'ann' },
}
const closed: ToldEvent<IncidentEvent> = { type: 'IncidentClosed', data: { cause: 'agent' } }
const canceled: ToldEvent<IncidentEvent> = {
  type: 'IncidentCanceled',
  data: { code: 'not-an-incident', notes: null },
}

const incident = deciderSpec(incidentDecider)
const observe = (condition: 'firing' | 'cleared', clearedAt?: string) =>
  new ObserveAlertCondition(
    'INC1',
    { alert: 'a1', condition, count: 4, clearedAt },
    commandMetadata({ ...byPolicy }),
  )
const observed = (condition: 'firing' | 'cleared'): IncidentEvent => ({
  type: 'AlertConditionObserved',
  data: { alert: 'a1', condition, count: 4 },
})

describe('an alert that has cleared', () => {
  const cleared = observe('cleared', '2026-01-05T08:30:00.000Z')

  it('resolves a New incident that nobody has touched', () => {
    const settings = { autoCloseAfterDays: 2, remindCallerAfterDays: null, resolveSilentAfterDays: null }
    incident
      .given(opened, routed)
      .and('settings-incident', { type: 'IncidentSettingsPublished', data: { version: 1, settings } })
      .when(cleared)
      .thenEvents(observed('cleared'), {
        type: 'IncidentResolved',
        data: {
          code: 'self-recovered',
          notes: 'The alert cleared before anybody took the incident on.',
          resolvedBy: 'system:alert_incident',
          serviceRestoredAt: '2026-01-05T08:30:00.000Z',
          cause: 'alert-cleared',
          autoCloseAt: '2026-01-07T09:00:00.000Z',
          settingsVersion: 1,
        },
      })
  })

  it('says nothing of the time of recovery when that is implausible', () => {
    const [, event] = incident.given(opened).when(observe('cleared', '2020-01-01T00:00:00.000Z')).events
    expect(event?.data).not.toHaveProperty('serviceRestoredAt', expect.anything())
  })

  it.each([
    ['touched', [watched]],
    ['in progress', [{ type: 'WorkStarted', data: {} } as ToldEvent<IncidentEvent>]],
    [
      'reopened',
      [
        resolved,
        {
          type: 'IncidentReopened',
          data: { from: 'Resolved', to: 'In Progress', count: 1 },
        } as ToldEvent<IncidentEvent>,
      ],
    ],
  ])('leaves a note with one that was %s', (_, events) => {
    incident
      .given(opened, ...events)
      .when(cleared)
      .thenTypes('AlertConditionObserved', 'WorkNoteAdded')
  })

  describe('in an incident into which others were merged', () => {
    const other = (condition: 'firing' | 'cleared'): ToldEvent<IncidentEvent> => ({
      type: 'AlertConditionObserved',
      data: { alert: 'a2', condition, count: 1 },
      metadata: byPolicy,
    })

    it('resolves nothing while another alert fires, whichever was there first', () => {
      incident.given(opened, other('firing')).when(cleared).thenEvents(observed('cleared'))
      const started: ToldEvent<IncidentEvent> = { type: 'WorkStarted', data: {} }
      incident.given(opened, other('firing'), started).when(cleared).thenEvents(observed('cleared'))
      const second = new ObserveAlertCondition(
        'INC1',
        { alert: 'a2', condition: 'cleared', count: 1 },
        commandMetadata({ ...byPolicy }),
      )
      incident.given(opened, other('firing')).when(second).thenTypes('AlertConditionObserved')
    })
    it('leaves a note when it is the last one: by merging, somebody has taken the incident on', () =>
      incident
        .given(opened, other('firing'), other('cleared'))
        .when(cleared)
        .thenTypes('AlertConditionObserved', 'WorkNoteAdded'))
    it('leaves a note where the one merged was somebody’s, who watches now', () =>
      incident
        .given(opened, { ...watched, metadata: byPolicy })
        .when(cleared)
        .thenTypes('AlertConditionObserved', 'WorkNoteAdded'))
  })

  it('leaves its mark on a Resolved one, and nothing on a finished one', () => {
    incident.given(opened, watched, resolved).when(cleared).thenEvents(observed('cleared'))
    incident.given(opened, resolved, closed).when(cleared).thenNothing()
    incident.given(opened, canceled).when(cleared).thenNothing()
    incident.given(opened, watched, observed('cleared')).when(cleared).thenNothing()
  })
})

describe('an alert that fires again', () => {
  const firing = observe('firing')

  it('reopens what was Resolved', () => {
    incident
      .given(opened, resolved)
      .when(firing)
      .thenEvents(
        { type: 'IncidentReopened', data: { from: 'Resolved', to: 'In Progress', count: 1 } },
        observed('firing'),
      )
  })

  it('is recorded where it had cleared, and with finished ones, so that another is opened', () => {
    incident.given(opened, watched, observed('cleared')).when(firing).thenEvents(observed('firing'))
    incident.given(opened).when(firing).thenNothing()
    incident.given(opened, resolved, closed).when(firing).thenEvents(observed('firing'))
    incident.given(opened, canceled).when(firing).thenEvents(observed('firing'))
  })
})
