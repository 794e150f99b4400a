import { commandMetadata, deciderSpec, recorded, type ToldEvent } from '#libs/testing'
import { ActivateIncident, AddLink, ImportIncidentUpdate, Reopen } from './incident.commands.js'
import { incidentDecider } from './incident.decider.js'
import { INCIDENT_STATES, type IncidentEvent, type IncidentState } from './incident.events.js'
import { refusalOf } from './incident.guards.js'
import type { ObservedIncident } from './incident.import.js'
import { NO_WAY_BACK } from './incident.observation.js'
import { evolve, type Incident, type IncidentRecord, NOT_OPENED } from './incident.state.js'

const NUMBER = 'INC0000045'
const spec = deciderSpec(incidentDecider)
const SOURCE = { name: 'servicenow', externalId: 'INC0000045', run: 'run-1' }

/** The source's matrix (1 2 – / 2 3 4 / 3 4 4), published as version 1. */
const MATRIX: ToldEvent = {
  type: 'PriorityMatrixPublished',
  data: {
    version: 1,
    matrix: {
      impacts: ['1 - High', '2 - Medium', '3 - Low'],
      urgencies: ['1 - High', '2 - Medium', '3 - Low'],
      priorities: ['1 - Critical', '2 - High', '3 - Moderate', '4 - Low'],
      cells: [
        [1, 2, null],
        [2, 3, 4],
        [3, 4, 4],
      ],
    },
    imported: true,
    emptyCells: ['1 - High × 3 - Low'],
    warnings: [],
  },
}

const row = (observed: Partial<ObservedIncident>, minute = 0, matrixVersion: number | null = 1) =>
  new ImportIncidentUpdate(
    NUMBER,
    { observed: { fields: {}, ...observed }, matrixVersion },
    commandMetadata({
      actor: 'admin',
      channel: 'import',
      occurredAt: `2016-02-29T01:${String(minute).padStart(2, '0')}:00.000Z`,
      source: { ...SOURCE, row: minute + 1 },
    }),
  )

/** Plays rows one after the other; the events of each, and the record in the end. */
function play(...rows: ImportIncidentUpdate[]): { events: IncidentEvent[][]; record: IncidentRecord } {
  const told: ToldEvent<IncidentEvent>[] = []
  const events = rows.map((command) => {
    const decided = spec
      .given(...told)
      .and('settings-priority-matrix', MATRIX)
      .when(command).events
    told.push(...decided.map((event) => ({ ...event, metadata: { ...command.metadata } })))
    return [...decided]
  })
  const record = recorded(`incident-${NUMBER}`, told).reduce(evolve, NOT_OPENED as IncidentRecord)
  return { events, record }
}

const lastOf = (...rows: ImportIncidentUpdate[]): IncidentEvent[] => play(...rows).events.at(-1) ?? []
const types = (events: readonly IncidentEvent[]) => events.map(({ type }) => type)

const FIRST: Partial<ObservedIncident> = {
  state: 'New',
  caller: 'Caller 2403',
  openedAt: '2016-02-29T01:16:00.000Z',
  category: 'Category 55',
  impact: 2,
  urgency: 2,
  priority: 3,
  assignmentGroup: 'Group 56',
  assignee: null,
  knowledgeUsed: true,
  problem: null,
  resolution: { code: 'code 5', notes: null, resolvedBy: 'Resolved by 149' },
  updateCounter: 0,
  fields: { notify: 'Do Not Notify', made_sla: 'true', closed_at: '5/3/2016 12:00' },
}

describe('the first row', () => {
  it('opens the record, then tells priority, assignment and knowledge in a fixed order', () => {
    const [events] = play(row(FIRST)).events
    expect(events).toEqual([
      {
        type: 'IncidentOpened',
        data: {
          title: 'INC0000045',
          audience: { kind: 'public' },
          caller: 'Caller 2403',
          category: 'Category 55',
          openedAt: '2016-02-29T01:16:00.000Z',
          source: { fields: FIRST.fields, updateCounter: 0 },
        },
      },
      {
        type: 'PriorityDerived',
        data: { impact: 2, urgency: 2, priority: 3, matrixVersion: 1, previous: null },
      },
      { type: 'AssignedToGroup', data: { group: 'Group 56', previousGroup: null, previousPerson: null } },
      { type: 'KnowledgeApplied', data: { article: null, revision: null } },
    ])
  })

  it.each<[IncidentState, string[], string | undefined]>([
    ['New', [], undefined],
    ['In Progress', ['WorkStarted'], undefined],
    ['On Hold', ['IncidentHeld'], undefined],
    ['Resolved', ['IncidentResolved'], undefined],
    ['Closed', ['ResolutionRecorded', 'IncidentClosed'], 'INCIDENT.NOT_RESOLVED'],
    ['Canceled', ['IncidentCanceled'], undefined],
  ])('may be in state %s', (state, expected, irregular) => {
    const { events, record } = play(row({ ...FIRST, knowledgeUsed: undefined, state }))
    expect(types(events[0] ?? []).slice(3)).toEqual(expected)
    expect(events[0]?.at(-1)?.data.irregular).toBe(irregular)
    expect(record.state).toBe(state)
  })

  it('is New when the state means nothing here', () =>
    expect(play(row({ ...FIRST, state: undefined })).record.state).toBe('New'))

  it('follows no assignment rule and asks for no hold reasons or settings', () =>
    expect(Object.keys(incidentDecider.facts?.(row(FIRST), NOT_OPENED) ?? {})).toEqual(['matrix']))
})

describe('a later row', () => {
  it('tells only what differs', () => {
    expect(lastOf(row(FIRST), row({ ...FIRST, assignee: 'Resolver 1', updateCounter: 1 }, 1))).toEqual([
      {
        type: 'AssignedToPerson',
        data: { person: 'Resolver 1', previousPerson: null, source: { fields: {}, updateCounter: 1 } },
      },
    ])
  })

  it('in which nothing with a home changed is an observed update', () =>
    expect(
      lastOf(
        row(FIRST),
        row({ ...FIRST, updateCounter: 1, fields: { ...FIRST.fields, made_sla: 'false' } }, 1),
      ),
    ).toEqual([
      { type: 'UpdateObserved', data: { source: { fields: { made_sla: 'false' }, updateCounter: 1 } } },
    ]))

  it('carries homeless fields on its first event only', () => {
    const events = lastOf(
      row(FIRST),
      row({ ...FIRST, category: 'Category 9', assignmentGroup: 'Group 70', fields: { notify: null } }, 1),
    )
    expect(types(events)).toEqual(['IncidentCategorized', 'AssignedToGroup'])
    expect(events.map(({ data }) => data.source)).toEqual([
      { fields: { notify: null }, updateCounter: 0 },
      undefined,
    ])
  })

  it('leaves alone what the source has no column for, and clears what it says is not set', () => {
    expect(lastOf(row(FIRST), row({ fields: {} }, 1)).map(({ type }) => type)).toEqual(['UpdateObserved'])
    const events = lastOf(row(FIRST), row({ ...FIRST, caller: null, assignmentGroup: null }, 1))
    expect(events[0]?.data).toMatchObject({ changes: { caller: { from: 'Caller 2403', to: null } } })
    expect(events[1]?.data).toMatchObject({ group: null, previousGroup: 'Group 56' })
  })

  it('tells again who has it when the group changes and the person does not', () => {
    const assigned = { ...FIRST, assignee: 'Resolver 1' }
    const { events, record } = play(row(assigned), row({ ...assigned, assignmentGroup: 'Group 70' }, 1))
    expect(events[1]?.map(({ type }) => type)).toEqual(['AssignedToGroup', 'AssignedToPerson'])
    expect(record).toMatchObject({ group: 'Group 70', assignee: 'Resolver 1' })
  })

  it('corrects when the record was opened', () =>
    expect(
      lastOf(row(FIRST), row({ ...FIRST, openedAt: '2016-02-28T00:00:00.000Z' }, 1))[0]?.data,
    ).toMatchObject({
      changes: { openedAt: { from: FIRST.openedAt, to: '2016-02-28T00:00:00.000Z' } },
    }))

  it('is refused when the number belongs to another record', () => {
    const live: IncidentEvent = { type: 'IncidentOpened', data: { title: 'x', audience: { kind: 'public' } } }
    spec
      .given(live)
      .and('settings-priority-matrix', MATRIX)
      .when(row(FIRST))
      .thenRefused('INCIDENT.FOREIGN_RECORD')
    const other = { ...live, metadata: { source: { ...SOURCE, externalId: 'INC1', row: 1 } } }
    spec.given(other).when(row(FIRST)).thenRefused('INCIDENT.FOREIGN_RECORD')
    spec
      .given({ ...other, metadata: { source: { ...SOURCE, row: 1 } } })
      .when(row({}))
      .thenTypes('UpdateObserved')
  })
})

describe('the update counter', () => {
  const missing = (...counters: number[]) =>
    play(...counters.map((updateCounter, minute) => row({ ...FIRST, updateCounter }, minute))).events.map(
      ([first]) => first?.data.source?.updatesMissing,
    )

  it('tells how many updates the source keeps to itself', () =>
    expect(missing(0, 2, 3, 6)).toEqual([undefined, 1, undefined, 2]))
  it('tells of those before the first row', () => expect(missing(4)).toEqual([4]))
  it('that runs backwards tells of none, nor when it comes back', () =>
    expect(missing(0, 1, 2, 1, 2, 3, 5)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      1,
    ]))
  it('may be absent', () =>
    expect(
      play(row({ ...FIRST, updateCounter: undefined }), row({ ...FIRST, updateCounter: 7 })).events[1]?.[0]
        ?.data.source,
    ).toEqual({
      fields: {},
      updateCounter: 7,
    }))
})

describe('priority', () => {
  const priorityOf = (observed: Partial<ObservedIncident>, matrixVersion: number | null = 1) =>
    play(row({ fields: {}, ...observed }, 0, matrixVersion)).events[0]?.find(({ type }) =>
      type.startsWith('Priority'),
    )

  it('is derived where the matrix version agrees with the source', () =>
    expect(priorityOf({ impact: 3, urgency: 3, priority: 4 })).toMatchObject({ type: 'PriorityDerived' }))
  it('is an override where it does not', () =>
    expect(priorityOf({ impact: 3, urgency: 3, priority: 1 })).toMatchObject({
      type: 'PriorityOverridden',
      data: { priority: 1, derived: 4 },
    }))
  it('is an override in an empty cell, without a matrix, and without impact or urgency', () => {
    expect(priorityOf({ impact: 1, urgency: 3, priority: 3 })).toMatchObject({
      type: 'PriorityOverridden',
      data: { derived: null },
    })
    expect(priorityOf({ impact: 2, urgency: 2, priority: 3 }, null)).toMatchObject({
      type: 'PriorityOverridden',
    })
    expect(priorityOf({ priority: 2 })).toMatchObject({ data: { impact: null, urgency: null, priority: 2 } })
    expect(priorityOf({ impact: 1, urgency: 3 })).toMatchObject({
      data: { impact: 1, urgency: 3, priority: null },
    })
  })
  it('is derived where the source has no priority', () =>
    expect(priorityOf({ impact: 1, urgency: 1 })).toMatchObject({
      type: 'PriorityDerived',
      data: { priority: 1 },
    }))
  it('is not told of a source that knows none, and not twice', () => {
    expect(priorityOf({})).toBeUndefined()
    expect(lastOf(row(FIRST), row(FIRST, 1)).map(({ type }) => type)).toEqual(['UpdateObserved'])
  })
})

describe('steps between states', () => {
  const stateEvent = (from: IncidentState, to: IncidentState) =>
    lastOf(
      row({ ...FIRST, state: from }),
      row({ ...FIRST, state: to, hold: { reason: 'awaiting-caller' } }, 1),
    ).at(-1)

  const OPEN = ['New', 'In Progress', 'On Hold'] as const
  it.each<[IncidentState, IncidentState, IncidentEvent['type'], string | undefined]>([
    ['New', 'In Progress', 'WorkStarted', undefined],
    ['On Hold', 'In Progress', 'IncidentResumed', undefined],
    ['In Progress', 'New', 'StateObserved', NO_WAY_BACK],
    ['On Hold', 'New', 'StateObserved', NO_WAY_BACK],
    ['New', 'On Hold', 'IncidentHeld', undefined],
    ['In Progress', 'On Hold', 'IncidentHeld', undefined],
    ...OPEN.map(
      (from) =>
        [from, 'Resolved', 'IncidentResolved', undefined] as [
          IncidentState,
          IncidentState,
          'IncidentResolved',
          undefined,
        ],
    ),
    ...OPEN.map(
      (from) =>
        [from, 'Closed', 'IncidentClosed', 'INCIDENT.NOT_RESOLVED'] as [
          IncidentState,
          IncidentState,
          'IncidentClosed',
          string,
        ],
    ),
    ...OPEN.map(
      (from) =>
        [from, 'Canceled', 'IncidentCanceled', undefined] as [
          IncidentState,
          IncidentState,
          'IncidentCanceled',
          undefined,
        ],
    ),
    ['Resolved', 'In Progress', 'IncidentReopened', undefined],
    ['Resolved', 'On Hold', 'IncidentReopened', undefined],
    ['Resolved', 'New', 'IncidentReopened', NO_WAY_BACK],
    ['Resolved', 'Closed', 'IncidentClosed', undefined],
    ['Resolved', 'Canceled', 'IncidentCanceled', 'INCIDENT.NOT_OPEN'],
    ['Closed', 'In Progress', 'IncidentReopened', 'INCIDENT.CLOSED'],
    ['Closed', 'On Hold', 'IncidentReopened', 'INCIDENT.CLOSED'],
    ['Closed', 'New', 'IncidentReopened', 'INCIDENT.CLOSED'],
    ['Closed', 'Resolved', 'StateObserved', 'INCIDENT.CLOSED'],
    ['Closed', 'Canceled', 'IncidentCanceled', 'INCIDENT.CLOSED'],
    ['Canceled', 'In Progress', 'IncidentReopened', 'INCIDENT.CANCELED'],
    ['Canceled', 'Resolved', 'StateObserved', 'INCIDENT.CANCELED'],
    ['Canceled', 'Closed', 'IncidentClosed', 'INCIDENT.CANCELED'],
  ])('%s → %s is %s, irregular: %s', (from, to, type, irregular) => {
    const event = stateEvent(from, to)
    expect(event?.type).toBe(type)
    expect(event?.data.irregular).toBe(irregular)
  })

  it('arrive where the source says, from everywhere', () => {
    for (const from of INCIDENT_STATES)
      for (const to of INCIDENT_STATES)
        expect(play(row({ ...FIRST, state: from }), row({ ...FIRST, state: to }, 1)).record.state).toBe(to)
  })

  it.each(INCIDENT_STATES)('%s → %s is no step', (state) =>
    expect(lastOf(row({ ...FIRST, state }), row({ ...FIRST, state }, 1)).map(({ type }) => type)).toEqual([
      'UpdateObserved',
    ]),
  )

  it('are marked with the code of the very guard that would have refused the live command', () => {
    expect(refusalOf('reopen', 'Closed')).toBe('INCIDENT.CLOSED')
    const { events } = play(row({ ...FIRST, state: 'Closed' }))
    const live = new Reopen(NUMBER, {}, commandMetadata())
    spec
      .given(...(events[0] ?? []))
      .when(live)
      .thenRefused('INCIDENT.CLOSED')
  })

  it('of a state that means nothing here are none', () =>
    expect(
      play(row({ ...FIRST, state: 'In Progress' }), row({ ...FIRST, state: undefined }, 1)).record.state,
    ).toBe('In Progress'))

  it('count reopenings, of both kinds', () => {
    const { record, events } = play(
      row({ ...FIRST, state: 'Resolved' }),
      row({ ...FIRST, state: 'On Hold', hold: { reason: 'awaiting-caller' } }, 1),
      row({ ...FIRST, state: 'Closed' }, 2),
      row({ ...FIRST, state: 'In Progress' }, 3),
    )
    expect(events[1]?.[0]?.data).toMatchObject({
      from: 'Resolved',
      to: 'On Hold',
      count: 1,
      hold: { reason: 'awaiting-caller' },
    })
    expect(events[3]?.[0]?.data).toMatchObject({ from: 'Closed', to: 'In Progress', count: 2 })
    expect(record).toMatchObject({ reopenCount: 2, resolution: null, resolvedAt: null, hold: null })
  })

  it('may be told of one row, and are gone through as far as the record is not beyond them', () => {
    const closed: Partial<ObservedIncident> = {
      ...FIRST,
      through: ['In Progress', 'Resolved'],
      state: 'Closed',
    }
    const path = (...rows: ImportIncidentUpdate[]) =>
      lastOf(...rows).map(({ type, data }) => [type, data.irregular])
    expect(path(row(closed)).slice(-3)).toEqual([
      ['WorkStarted', undefined],
      ['IncidentResolved', undefined],
      ['IncidentClosed', undefined],
    ])
    expect(path(row({ ...FIRST, state: 'Resolved' }), row(closed, 1))).toEqual([
      ['IncidentClosed', undefined],
    ])
    expect(path(row(closed), row(closed, 1))).toEqual([['UpdateObserved', undefined]])
    expect(play(row(closed)).record).toMatchObject({ state: 'Closed', resolution: { code: 'code 5' } })
  })

  it('count reopenings that one row tells', () => {
    const { events } = play(
      row({ ...FIRST, state: 'Closed' }),
      row({ ...FIRST, through: ['Resolved', 'In Progress', 'Canceled'], state: 'On Hold' }, 1),
    )
    const counts = events[1]?.flatMap(({ type, data }) =>
      type === 'IncidentReopened' ? (data as { count: number }).count : [],
    )
    expect(counts).toEqual([1, 2])
  })

  it('do not move the entry into Resolved when the source repeats it', () => {
    const { record } = play(row({ ...FIRST, state: 'Resolved' }), row({ ...FIRST, state: 'Resolved' }, 5))
    expect(record).toMatchObject({ resolvedAt: '2016-02-29T01:00:00.000Z' })
  })
})

describe('holds and resolutions', () => {
  it('a changed reason is an event of its own', () => {
    const held = (reason: string, minute: number) =>
      row({ ...FIRST, state: 'On Hold', hold: { reason } }, minute)
    expect(lastOf(held('awaiting-caller', 0), held('awaiting-vendor', 1))).toMatchObject([
      {
        type: 'HoldReasonChanged',
        data: { hold: { reason: 'awaiting-vendor' }, previous: { reason: 'awaiting-caller' } },
      },
    ])
  })

  it('a back-filled resolution is told when it is entered, not before', () => {
    const { events, record } = play(
      row(FIRST),
      row({ ...FIRST, state: 'Resolved' }, 1),
      row({ ...FIRST, state: 'Closed' }, 2),
    )
    expect(JSON.stringify(events[0])).not.toContain('code 5')
    expect(events[1]?.[0]).toMatchObject({
      type: 'IncidentResolved',
      data: { code: 'code 5', notes: null, resolvedBy: 'Resolved by 149' },
    })
    expect(events[1]?.[0]?.data).not.toHaveProperty('autoCloseAt')
    expect(events[2]?.map(({ type }) => type)).toEqual(['IncidentClosed'])
    expect(record).toMatchObject({ resolution: { code: 'code 5' }, resolvedAt: '2016-02-29T01:01:00.000Z' })
  })

  it('a resolution that changes afterwards is recorded', () =>
    expect(
      lastOf(
        row({ ...FIRST, state: 'Closed' }),
        row({ ...FIRST, state: 'Closed', resolution: { code: 'code 6', notes: null, resolvedBy: null } }, 1),
      ),
    ).toMatchObject([
      { type: 'ResolutionRecorded', data: { resolution: { code: 'code 6' }, previous: { code: 'code 5' } } },
    ]))
})

describe('references and knowledge', () => {
  it('become links, which move and go', () => {
    const { events, record } = play(
      row({ ...FIRST, problem: 'Problem ID  2', causedByChange: 'CHG1' }),
      row({ ...FIRST, problem: 'Problem ID  3', causedByChange: 'CHG1' }, 1),
      row({ ...FIRST, problem: null, causedByChange: 'CHG1' }, 2),
    )
    const told = events.map((rowEvents) => rowEvents.filter(({ type }) => type.startsWith('Link')))
    expect(
      told.map((links) =>
        links.map(({ type, data }) => [type, (data as { link: { target: string } }).link.target]),
      ),
    ).toEqual([
      [
        ['LinkAdded', 'Problem ID  2'],
        ['LinkAdded', 'CHG1'],
      ],
      [
        ['LinkRemoved', 'Problem ID  2'],
        ['LinkAdded', 'Problem ID  3'],
      ],
      [['LinkRemoved', 'Problem ID  3']],
    ])
    expect((record as Incident).links).toEqual([
      { relation: 'caused-by-change', targetType: 'change', target: 'CHG1' },
    ])
  })

  it('leave links alone that people made', () => {
    const first = play(row(FIRST)).events[0] ?? []
    const link = { relation: 'has-problem', targetType: 'problem', target: 'PRB1' } as const
    const live = spec.given(...first).when(new AddLink(NUMBER, link, commandMetadata())).events
    const told = [
      ...first.map((event) => ({ ...event, metadata: row(FIRST).metadata })),
      ...live,
    ] as ToldEvent<IncidentEvent>[]
    spec
      .given(...told)
      .and('settings-priority-matrix', MATRIX)
      .when(row({ ...FIRST, problem: null }, 1))
      .thenTypes('UpdateObserved')
  })

  it('custom fields are told as far as they differ; what the source does not tell stays', () => {
    const { events, record } = play(
      row({ ...FIRST, customFields: { tier: 'Gold', seats: 3, vip: null } }),
      row({ ...FIRST, customFields: { tier: 'Gold', seats: 3, vip: null } }, 1),
      row({ ...FIRST, customFields: { tier: null, seats: 4 } }, 2),
    )
    expect(events[0]?.[0]?.data).toMatchObject({ customFields: { tier: 'Gold', seats: 3 } })
    expect(events[1]?.map(({ type }) => type)).toEqual(['UpdateObserved'])
    expect(events[2]?.[0]?.data).toMatchObject({
      changes: { customFields: { from: { tier: 'Gold', seats: 3 }, to: { seats: 4 } } },
    })
    expect((record as Incident).fields.customFields).toEqual({ seats: 4 })
    expect(play(row({ ...FIRST, customFields: { vip: null } })).events[0]?.[0]?.data).not.toHaveProperty(
      'customFields',
    )
  })

  it('an article says more than that one was used', () => {
    const used = (
      knowledgeUsed: boolean | undefined,
      knowledgeArticle: string | null | undefined,
      minute = 0,
    ) => row({ ...FIRST, knowledgeUsed, knowledgeArticle }, minute)
    const told = (...rows: ImportIncidentUpdate[]) =>
      play(...rows).events.map((events) =>
        events
          .filter(({ type }) => type.startsWith('Knowledge'))
          .map(({ type, data }) => [type, (data as { article: string | null }).article]),
      )
    expect(
      told(
        used(true, null),
        used(true, 'KB1', 1),
        used(true, 'KB2', 2),
        used(false, null, 3),
        used(undefined, 'KB3', 4),
      ),
    ).toEqual([
      [['KnowledgeApplied', null]],
      [
        ['KnowledgeWithdrawn', null],
        ['KnowledgeApplied', 'KB1'],
      ],
      [
        ['KnowledgeWithdrawn', 'KB1'],
        ['KnowledgeApplied', 'KB2'],
      ],
      [['KnowledgeWithdrawn', 'KB2']],
      [['KnowledgeApplied', 'KB3']],
    ])
    expect(told(used(undefined, 'KB1'), used(undefined, undefined, 1), used(undefined, null, 2))).toEqual([
      [['KnowledgeApplied', 'KB1']],
      [],
      [['KnowledgeWithdrawn', 'KB1']],
    ])
    expect(told(used(false, 'KB1'))).toEqual([[['KnowledgeApplied', 'KB1']]])
  })

  it('knowledge comes and goes as the source says', () =>
    expect(lastOf(row(FIRST), row({ ...FIRST, knowledgeUsed: false }, 1)).map(({ type }) => type)).toEqual([
      'KnowledgeWithdrawn',
    ]))
})

describe('activating an imported record', () => {
  const settings: ToldEvent = {
    type: 'IncidentSettingsPublished',
    data: {
      version: 2,
      settings: { autoCloseAfterDays: 7, remindCallerAfterDays: 3, resolveSilentAfterDays: 5 },
    },
  }
  const activate = (rows: ImportIncidentUpdate[], run = 'run-1', channel: 'api' | 'import' = 'api') => {
    const told = rows.length === 0 ? [] : playTold(rows)
    return spec
      .given(...told)
      .and('settings-incident', settings)
      .when(
        new ActivateIncident(
          NUMBER,
          { run },
          commandMetadata({ channel, occurredAt: '2016-03-02T00:00:00.000Z' }),
        ),
      )
  }
  const playTold = (rows: ImportIncidentUpdate[]): ToldEvent<IncidentEvent>[] =>
    play(...rows).events.flatMap((events, index) =>
      events.map((event) => ({ ...event, metadata: { ...rows[index]?.metadata } })),
    )

  it('arms the automatic close of what is Resolved, counted from then', () => {
    const outcome = activate([row({ ...FIRST, state: 'Resolved' })])
    expect(outcome.events[0]?.data).toMatchObject({
      autoCloseAt: '2016-03-07T01:00:00.000Z',
      settingsVersion: 2,
    })
    expect(outcome.state).toMatchObject({ autoCloseAt: '2016-03-07T01:00:00.000Z' })
  })

  it('arms reminders and ends of holds, no earlier than now', () => {
    const hold = { reason: 'awaiting-caller', until: '2016-03-01T00:00:00.000Z' }
    const outcome = activate([row({ ...FIRST, state: 'On Hold', hold })])
    expect(outcome.events[0]?.data).toMatchObject({
      awaitsCaller: true,
      remindAt: '2016-03-03T01:00:00.000Z',
      until: '2016-03-02T00:00:00.000Z',
    })
    expect(outcome.state).toMatchObject({
      hold: { awaitsCaller: true, remindAt: '2016-03-03T01:00:00.000Z' },
    })
  })

  it('arms nothing for what is finished, once only, and nothing that was opened here', () => {
    activate([row({ ...FIRST, state: 'Closed' })]).thenNothing()
    const rows = [row({ ...FIRST, state: 'Resolved' })]
    const again = [...playTold(rows), ...activate(rows).events]
    const command = (run: string) => new ActivateIncident(NUMBER, { run }, commandMetadata())
    spec
      .given(...again)
      .and('settings-incident', settings)
      .when(command('run-1'))
      .thenNothing()
    spec
      .given(...again)
      .and('settings-incident', settings)
      .when(command('run-2'))
      .thenTypes('IncidentActivated')
    const live: IncidentEvent = { type: 'IncidentOpened', data: { title: 'x', audience: { kind: 'public' } } }
    spec.given(live).when(command('run-1')).thenNothing()
  })
})
