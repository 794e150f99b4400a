import fc from 'fast-check'
import { commandMetadata, deciderSpec, type ToldEvent } from '#libs/testing'
import { DEFAULT_PRIORITY_MATRIX, priorityAt } from '../../settings/domain/defaults.js'
import * as commands from './incident.commands.js'
import { incidentDecider } from './incident.decider.js'
import { INCIDENT_STATES, type IncidentEvent } from './incident.events.js'
import type { Incident, IncidentRecord } from './incident.state.js'

const NUMBER = 'INC0000001'
const NOW = '2026-01-05T09:00:00.000Z'
const HASH = 'a'.repeat(64)
const spec = deciderSpec(incidentDecider)
const agnes = commandMetadata({ actor: 'agnes', occurredAt: NOW })
const bob = commandMetadata({ actor: 'bob', occurredAt: NOW })
const caller = commandMetadata({ actor: 'carl', occurredAt: NOW })
const policy = (occurredAt: string) =>
  commandMetadata({ actor: 'system:incidents', channel: 'policy', occurredAt })

const opened: ToldEvent<IncidentEvent> = {
  type: 'IncidentOpened',
  data: { title: 'Mail is slow', caller: 'carl', openedBy: 'agnes', audience: { kind: 'public' } },
}
const derived: IncidentEvent = {
  type: 'PriorityDerived',
  data: { impact: 3, urgency: 3, priority: 5, matrixVersion: 0, previous: null },
}
const inNetwork: IncidentEvent = {
  type: 'AssignedToGroup',
  data: { group: 'network', previousGroup: null, previousPerson: null },
}
const started: IncidentEvent = { type: 'WorkStarted', data: {} }
const held: IncidentEvent = {
  type: 'IncidentHeld',
  data: {
    hold: { reason: 'awaiting-caller', comment: 'Which mailbox?' },
    listVersion: 0,
    awaitsCaller: true,
    remindAt: '2026-01-08T08:00:00.000Z',
    settingsVersion: 1,
  },
}
const resolved: IncidentEvent = {
  type: 'IncidentResolved',
  data: { code: 'fixed', notes: 'Restarted', resolvedBy: 'agnes', autoCloseAt: '2026-01-12T08:00:00.000Z' },
}
const closed: IncidentEvent = { type: 'IncidentClosed', data: { cause: 'agent' } }
const canceled: IncidentEvent = { type: 'IncidentCanceled', data: { code: 'withdrawn', notes: null } }

const STORIES = {
  'Not Opened': [],
  New: [opened, derived],
  'In Progress': [opened, derived, started],
  'On Hold': [opened, derived, held],
  Resolved: [opened, derived, resolved],
  Closed: [opened, derived, resolved, closed],
  Canceled: [opened, derived, canceled],
} satisfies Record<IncidentRecord['state'], readonly ToldEvent<IncidentEvent>[]>

const given = (state: keyof typeof STORIES, ...more: ToldEvent<IncidentEvent>[]) =>
  spec
    .given(...STORIES[state], ...more)
    .and('person-agnes', { type: 'PersonRegistered', data: { kind: 'person', name: 'Agnes' } })
    .and('person-carl', { type: 'PersonRegistered', data: { kind: 'person', name: 'Carl' } })
    .and('person-bob', { type: 'PersonRegistered', data: { kind: 'person', name: 'Bob' } })
    .and(
      'person-left',
      { type: 'PersonRegistered', data: { kind: 'person', name: 'Lea' } },
      { type: 'PersonDeactivated', data: {} },
    )
    .and(
      'group-network',
      { type: 'GroupRegistered', data: { name: 'Network', manager: 'mia' } },
      { type: 'MemberAdded', data: { person: 'agnes' } },
      { type: 'MemberAdded', data: { person: 'bob' } },
    )
    .and(
      'group-database',
      { type: 'GroupRegistered', data: { name: 'Database' } },
      { type: 'MemberAdded', data: { person: 'bob' } },
      { type: 'MemberAdded', data: { person: 'agnes' } },
      { type: 'MemberRemoved', data: { person: 'agnes' } },
    )

const rules: ToldEvent = {
  type: 'AssignmentRulesPublished',
  data: {
    version: 4,
    rules: [
      { name: 'Mail of sales', when: { category: 'mail', service: 'sales' }, group: 'sales-desk' },
      { name: 'Mail', when: { category: 'mail' }, group: 'mail-desk' },
    ],
  },
}
const settings: ToldEvent = {
  type: 'IncidentSettingsPublished',
  data: {
    version: 2,
    settings: { autoCloseAfterDays: 7, remindCallerAfterDays: 3, resolveSilentAfterDays: 5 },
  },
}

const templates: ToldEvent = {
  type: 'IncidentTemplatesPublished',
  data: {
    version: 3,
    templates: [
      {
        name: 'Password',
        fields: {
          title: 'Password forgotten',
          category: 'access',
          impact: 2,
          urgency: 1,
          assignmentGroup: 'network',
        },
      },
      { name: 'Mail', fields: { category: 'mail', customFields: { costCentre: '1', floor: 2 } } },
    ],
  },
}

describe('opening by a template', () => {
  const open = (data: commands.OpenIncidentData) =>
    given('Not Opened')
      .and('settings-incident-templates', templates)
      .when(new commands.OpenIncident(undefined, data, caller))

  it('fills in what was left out, and says which template in which version', () => {
    open({ template: 'Password', caller: 'carl', urgency: 3 }).thenEvents(
      {
        type: 'IncidentOpened',
        data: {
          title: 'Password forgotten',
          category: 'access',
          caller: 'carl',
          openedBy: 'carl',
          audience: { kind: 'public' },
          template: { name: 'Password', version: 3 },
        },
      },
      {
        type: 'PriorityDerived',
        data: { impact: 2, urgency: 3, priority: 4, matrixVersion: 0, previous: null },
      },
      inNetwork,
    )
  })

  it('changes nothing of what was said', () => {
    const said = { title: 'Mine', category: 'vpn', impact: 3, urgency: 3, assignmentGroup: 'database' }
    const [first, priority, assigned] = open({ template: 'Password', ...said }).events
    expect(first?.data).toMatchObject({ title: 'Mine', category: 'vpn' })
    expect(priority?.data).toMatchObject({ impact: 3, urgency: 3 })
    expect(assigned?.data).toMatchObject({ group: 'database' })
  })

  it('merges custom fields one by one, and checks them all', () => {
    const schema = { properties: { costCentre: { type: 'string' }, floor: { type: 'integer' } } }
    const story = given('Not Opened')
      .and('settings-incident-templates', templates)
      .and('settings-custom-fields-incident', {
        type: 'CustomFieldsPublished',
        data: { version: 1, recordType: 'incident', schema, filterable: [] },
      } as ToldEvent)
    const opening = (customFields: Record<string, unknown>) =>
      story.when(new commands.OpenIncident(undefined, { title: 'x', template: 'Mail', customFields }, caller))
    expect(opening({ floor: 3 }).events[0]?.data).toMatchObject({
      customFields: { costCentre: '1', floor: 3 },
      customFieldsVersion: 1,
    })
    opening({ floor: 'third' }).thenRefused('INCIDENT.CUSTOM_FIELDS_INVALID')
  })

  it('is refused for a template that is not there, or one that says no title when nobody does', () => {
    open({ title: 'x', template: 'password' }).thenRefused('INCIDENT.TEMPLATE_UNKNOWN')
    open({ template: 'Mail' }).thenRefused('INCIDENT.TEXT_REQUIRED')
  })
})

describe('reopening within the days that the settings give', () => {
  const within = (reopenWithinDays?: number | null): ToldEvent => ({
    type: 'IncidentSettingsPublished',
    data: {
      version: 1,
      settings: {
        autoCloseAfterDays: null,
        remindCallerAfterDays: null,
        resolveSilentAfterDays: null,
        reopenWithinDays,
      },
    },
  })
  // Resolved on 5 January at 08:00
  const reopen = (actor: string, occurredAt: string, settings = within(3)) =>
    given('Resolved')
      .and('settings-incident', settings)
      .when(new commands.Reopen(NUMBER, {}, commandMetadata({ actor, occurredAt })))

  it('lets the caller in time, and refuses him later, with the way on', () => {
    reopen('carl', '2026-01-08T08:00:00.000Z').thenTypes('IncidentReopened')
    const late = reopen('carl', '2026-01-08T08:00:00.001Z')
    late.thenRefused('INCIDENT.REOPEN_TOO_LATE')
    expect(() => late.events).toThrow(`open a new incident and name ${NUMBER} in it`)
  })

  it('lets whoever works at the desk at any time, and everybody where no days are set', () => {
    reopen('agnes', '2026-03-01T08:00:00.000Z').thenTypes('IncidentReopened')
    reopen('carl', '2026-03-01T08:00:00.000Z', within(null)).thenTypes('IncidentReopened')
    // As settings were published before there was this one
    reopen('carl', '2026-03-01T08:00:00.000Z', within()).thenTypes('IncidentReopened')
  })
})

describe('opening', () => {
  const open = (data: commands.OpenIncidentData, metadata = agnes) =>
    new commands.OpenIncident(undefined, data, metadata)

  it('derives the priority by the default matrix and leaves the queue empty without rules', () => {
    given('Not Opened')
      .when(open({ title: 'Mail is slow', caller: 'carl', impact: 1, urgency: 2 }))
      .thenEvents(
        {
          type: 'IncidentOpened',
          data: {
            title: 'Mail is slow',
            caller: 'carl',
            openedBy: 'agnes',
            audience: { kind: 'public' },
          },
        },
        {
          type: 'PriorityDerived',
          data: { impact: 1, urgency: 2, priority: 2, matrixVersion: 0, previous: null },
        },
      )
  })

  it('keeps every field it knows, and nothing else that came along', () => {
    const fields = {
      title: 'x',
      description: 'x',
      caller: 'carl',
      affectedUser: 'bob',
      contactType: 'phone',
      service: 's',
      primaryCi: 'ci',
      category: 'c',
      subcategory: 'sc',
      symptom: 'sy',
      location: 'l',
      vendor: 'v',
      detectedAt: '2026-01-05T07:00:00.000Z',
    }
    const [event] = given('Not Opened').when(
      open({ ...fields, stray: 1 } as commands.OpenIncidentData),
    ).events
    const audience = { kind: 'public' }
    expect(JSON.parse(JSON.stringify(event?.data))).toEqual({ ...fields, openedBy: 'agnes', audience })
  })

  it('takes the lowest impact and urgency when nobody says', () => {
    const [, priority] = given('Not Opened').when(open({ title: 'x' })).events
    expect(priority?.data).toMatchObject({ impact: 3, urgency: 3, priority: 5 })
  })

  it('takes the one acted for, or the actor, for the caller, but never a program', () => {
    const callerOf = (metadata: typeof agnes) =>
      given('Not Opened').when(open({ title: 'x' }, metadata)).events[0]?.data
    expect(callerOf(agnes)).toMatchObject({ caller: 'agnes' })
    expect(callerOf({ ...agnes, onBehalfOf: 'carl' })).toMatchObject({ caller: 'carl' })
    expect(callerOf({ ...agnes, actor: 'service:monitoring' })).toMatchObject({ caller: undefined })
  })

  it('lets the first assignment rule that fits decide the group, and says which', () => {
    const [, , assigned] = given('Not Opened')
      .and('settings-assignment-rules', rules)
      .when(open({ title: 'x', category: 'mail', service: 'sales' })).events
    expect(assigned).toEqual({
      type: 'AssignedToGroup',
      data: {
        group: 'sales-desk',
        previousGroup: null,
        previousPerson: null,
        rule: { version: 4, name: 'Mail of sales' },
      },
    })
  })

  it('follows a person rather than a rule', () => {
    const [, , assigned] = given('Not Opened')
      .and('settings-assignment-rules', rules)
      .when(open({ title: 'x', category: 'mail', assignmentGroup: 'network' })).events
    expect(assigned?.data).toMatchObject({ group: 'network' })
    expect(assigned?.data).not.toHaveProperty('rule')
  })

  it('refuses an empty cell of an imported matrix until it is filled', () => {
    const matrix = {
      ...DEFAULT_PRIORITY_MATRIX,
      cells: [
        [1, 2, null],
        [2, 3, 4],
        [3, 4, 4],
      ],
    }
    const publish = (version: number, cells: (number | null)[][]): ToldEvent => ({
      type: 'PriorityMatrixPublished',
      data: { version, matrix: { ...matrix, cells }, imported: true, emptyCells: [], warnings: [] },
    })
    const story = given('Not Opened').and('settings-priority-matrix', publish(1, matrix.cells))
    const command = open({ title: 'x', impact: 1, urgency: 3 })
    story.when(command).thenRefused('INCIDENT.PRIORITY_UNDEFINED')
    const filled = story.and(
      'settings-priority-matrix',
      publish(2, [
        [1, 2, 3],
        [2, 3, 4],
        [3, 4, 4],
      ]),
    )
    expect(filled.when(command).events[1]?.data).toMatchObject({ priority: 3, matrixVersion: 2 })
  })

  it.each([
    ['no title', { title: '  ' }, 'INCIDENT.TEXT_REQUIRED'],
    ['an unknown caller', { title: 'x', caller: 'nobody' }, 'INCIDENT.PERSON_UNKNOWN'],
    ['a caller who has left', { title: 'x', caller: 'left' }, 'INCIDENT.PERSON_INACTIVE'],
    ['an unknown affected user', { title: 'x', affectedUser: 'nobody' }, 'INCIDENT.PERSON_UNKNOWN'],
    ['an unknown group', { title: 'x', assignmentGroup: 'none' }, 'INCIDENT.GROUP_UNKNOWN'],
    ['an impact outside of the matrix', { title: 'x', impact: 4 }, 'INCIDENT.LEVEL_UNKNOWN'],
    ['a broken urgency', { title: 'x', urgency: 1.5 }, 'INCIDENT.LEVEL_UNKNOWN'],
    ['detection to come', { title: 'x', detectedAt: '2026-01-05T09:00:01Z' }, 'INCIDENT.DETECTED_AT_FUTURE'],
    ['a time that is none', { title: 'x', detectedAt: 'noon' }, 'INCIDENT.TIME_MALFORMED'],
    [
      'an audience of nobody',
      { title: 'x', audience: { kind: 'groups' as const, groups: [] } },
      'INCIDENT.AUDIENCE_EMPTY',
    ],
    [
      'an audience that does not exist',
      { title: 'x', audience: { kind: 'groups' as const, groups: ['network', 'none'] } },
      'INCIDENT.GROUP_UNKNOWN',
    ],
    [
      'custom fields nobody declared',
      { title: 'x', customFields: { cost: 1 } },
      'INCIDENT.CUSTOM_FIELDS_INVALID',
    ],
  ])('refuses %s', (_, data, code) => given('Not Opened').when(open(data)).thenRefused(code))

  it('refuses a number that exists', () =>
    given('New')
      .when(new commands.OpenIncident(NUMBER, { title: 'x' }, agnes))
      .thenRefused('INCIDENT.ALREADY_OPENED'))

  it('knows nothing of a number that was never given', () =>
    given('Not Opened')
      .when(new commands.StartWork(NUMBER, {}, agnes))
      .thenRefused('INCIDENT.UNKNOWN'))
})

describe('custom fields', () => {
  const schema: ToldEvent = {
    type: 'CustomFieldsPublished',
    data: {
      version: 3,
      recordType: 'incident',
      filterable: [],
      schema: {
        type: 'object',
        properties: { cost: { type: 'number', minimum: 0 }, due: { type: 'string', format: 'date' } },
        required: ['cost'],
        additionalProperties: false,
      },
    },
  }
  const stream = 'settings-custom-fields-incident'

  it('are checked by the schema in force, whose version is kept', () => {
    const [event] = given('Not Opened')
      .and(stream, schema)
      .when(new commands.OpenIncident(undefined, { title: 'x', customFields: { cost: 5 } }, agnes)).events
    expect(event?.data).toMatchObject({ customFields: { cost: 5 }, customFieldsVersion: 3 })
  })

  it('that are missing or wrong are named', () => {
    const outcome = (customFields?: Record<string, unknown>) => {
      const command = new commands.OpenIncident(undefined, { title: 'x', customFields }, agnes)
      try {
        return given('Not Opened').and(stream, schema).when(command).events
      } catch (error) {
        return (error as { extra: unknown }).extra
      }
    }
    expect(outcome()).toMatchObject({ errors: [{ pointer: '/customFields/cost' }] })
    expect(outcome({ cost: -1, due: 'soon' })).toMatchObject({
      errors: [{ pointer: '/customFields/cost' }, { pointer: '/customFields/due' }],
    })
  })

  it('are merged one by one, null removes', () => {
    const story = given('New', {
      type: 'IncidentDetailsChanged',
      data: { changes: { customFields: { from: null, to: { cost: 5, due: '2026-01-01' } } } },
    }).and(stream, schema)
    const change = (customFields: Record<string, unknown>) =>
      story.when(new commands.ChangeDetails(NUMBER, { customFields }, agnes))
    change({ due: null }).thenEvents({
      type: 'IncidentDetailsChanged',
      data: {
        changes: { customFields: { from: { cost: 5, due: '2026-01-01' }, to: { cost: 5 } } },
        customFieldsVersion: 3,
      },
    })
    change({ cost: 5 }).thenNothing()
    change({ cost: null }).thenRefused('INCIDENT.CUSTOM_FIELDS_INVALID')
  })
})

describe('what a finished incident refuses', () => {
  const wishes = {
    details: new commands.ChangeDetails(NUMBER, { title: 'Other' }, agnes),
    category: new commands.Categorize(NUMBER, { category: 'other' }, agnes),
    priority: new commands.Prioritize(NUMBER, { impact: 1 }, agnes),
    override: new commands.OverridePriority(NUMBER, { priority: 1 }, { ...agnes, reason: 'why' }),
  }
  it.each(['Closed', 'Canceled'] as const)('when %s: description and priority', (state) => {
    for (const wish of Object.values(wishes))
      given(state).when(wish).thenRefused(`INCIDENT.${state.toUpperCase()}`)
  })
  it('when Resolved: priority only', () => {
    given('Resolved').when(wishes.priority).thenRefused('INCIDENT.NOT_OPEN')
    given('Resolved').when(wishes.override).thenRefused('INCIDENT.NOT_OPEN')
    given('Resolved').when(wishes.details).thenTypes('IncidentDetailsChanged')
    given('Resolved').when(wishes.category).thenTypes('IncidentCategorized')
  })
})

describe('details and category', () => {
  it('tells before and after of what differs only', () =>
    given('New')
      .when(
        new commands.ChangeDetails(NUMBER, { title: 'Mail is dead', caller: 'carl', vendor: null }, agnes),
      )
      .thenEvents({
        type: 'IncidentDetailsChanged',
        data: { changes: { title: { from: 'Mail is slow', to: 'Mail is dead' } } },
      }))

  it('keeps a title, known people and the past for detection', () => {
    const change = (data: commands.DetailChanges) =>
      given('New').when(new commands.ChangeDetails(NUMBER, data, agnes))
    change({ title: null }).thenRefused('INCIDENT.TEXT_REQUIRED')
    change({ caller: 'nobody' }).thenRefused('INCIDENT.PERSON_UNKNOWN')
    change({ affectedUser: 'left' }).thenRefused('INCIDENT.PERSON_INACTIVE')
    change({ detectedAt: '2027-01-01T00:00:00Z' }).thenRefused('INCIDENT.DETECTED_AT_FUTURE')
    change({ affectedUser: 'bob', detectedAt: '2026-01-05T07:00:00Z' }).thenTypes('IncidentDetailsChanged')
  })

  const categorize = new commands.Categorize(NUMBER, { category: 'mail' }, agnes)

  it('moves a New incident that no person placed to the group of its new category', () => {
    const byRule: IncidentEvent = {
      type: 'AssignedToGroup',
      data: { group: 'desk', previousGroup: null, previousPerson: null, rule: { version: 1, name: 'All' } },
    }
    for (const story of [given('New'), given('New', byRule)])
      story
        .and('settings-assignment-rules', rules)
        .when(categorize)
        .thenTypes('IncidentCategorized', 'AssignedToGroup')
  })

  it('leaves an incident where a person put it, or where work has begun', () => {
    const assigned: IncidentEvent = {
      type: 'AssignedToPerson',
      data: { person: 'bob', previousPerson: null },
    }
    for (const story of [given('New', inNetwork), given('New', assigned), given('In Progress')])
      story.and('settings-assignment-rules', rules).when(categorize).thenTypes('IncidentCategorized')
  })

  it('does nothing when the category is that one already', () =>
    given('New')
      .when(new commands.Categorize(NUMBER, { category: null }, agnes))
      .thenNothing())
})

describe('priority', () => {
  it('follows impact and urgency', () =>
    given('New')
      .when(new commands.Prioritize(NUMBER, { impact: 1 }, agnes))
      .thenEvents({
        type: 'PriorityDerived',
        data: { impact: 1, urgency: 3, priority: 3, matrixVersion: 0, previous: 5 },
      }))

  it('stays when neither changes', () =>
    given('New')
      .when(new commands.Prioritize(NUMBER, { impact: 3 }, agnes))
      .thenNothing())

  const overridden: IncidentEvent = {
    type: 'PriorityOverridden',
    data: { impact: 3, urgency: 3, priority: 1, derived: 5, previous: 5 },
  }

  it('may be overridden for a reason, once', () => {
    const override = (reason?: string, priority = 1) =>
      new commands.OverridePriority(NUMBER, { priority }, { ...agnes, reason })
    given('New').when(override('The board is waiting')).thenEvents(overridden)
    given('New', overridden).when(override('The board is waiting')).thenNothing()
    given('New').when(override()).thenRefused('INCIDENT.REASON_REQUIRED')
    given('New').when(override(' ')).thenRefused('INCIDENT.REASON_REQUIRED')
    given('New').when(override('x', 6)).thenRefused('INCIDENT.LEVEL_UNKNOWN')
  })

  it('is derived again after an override when somebody prioritizes', () =>
    given('New', overridden)
      .when(new commands.Prioritize(NUMBER, { urgency: 3 }, agnes))
      .thenTypes('PriorityDerived'))

  it('has a value for every cell of the default matrix, and no better impact or urgency makes it worse', () => {
    const level = fc.integer({ min: 1, max: 3 })
    fc.assert(
      fc.property(level, level, level, level, (impact, urgency, otherImpact, otherUrgency) => {
        const a = priorityAt(DEFAULT_PRIORITY_MATRIX, impact, urgency)
        const b = priorityAt(DEFAULT_PRIORITY_MATRIX, otherImpact, otherUrgency)
        expect(a).toBe(impact + urgency - 1)
        if (impact <= otherImpact && urgency <= otherUrgency) expect(a).toBeLessThanOrEqual(b as number)
      }),
    )
    expect(priorityAt(DEFAULT_PRIORITY_MATRIX, 4, 1)).toBeNull()
    expect(priorityAt(DEFAULT_PRIORITY_MATRIX, 0, 1)).toBeNull()
  })
})

describe('assignment', () => {
  const toGroup = (group: string | null) => new commands.AssignToGroup(NUMBER, { group }, agnes)
  const toPerson = (person: string | null, group?: string) =>
    new commands.AssignToPerson(NUMBER, { person, group }, agnes)
  const hasBob: IncidentEvent = { type: 'AssignedToPerson', data: { person: 'bob', previousPerson: null } }

  it('to a group takes it from the person who had it', () => {
    const outcome = given('New', inNetwork, hasBob).when(toGroup('database'))
    outcome.thenEvents({
      type: 'AssignedToGroup',
      data: { group: 'database', previousGroup: 'network', previousPerson: 'bob' },
    })
    expect(outcome.state).toMatchObject({ group: 'database', assignee: null })
  })

  it('to the group that has it changes nothing; to none takes it out of every queue', () => {
    given('New', inNetwork).when(toGroup('network')).thenNothing()
    given('New', inNetwork).when(toGroup(null)).thenTypes('AssignedToGroup')
    given('New', inNetwork).when(toGroup('none')).thenRefused('INCIDENT.GROUP_UNKNOWN')
  })

  it('to a person needs an active member of the group', () => {
    given('New', inNetwork).when(toPerson('bob')).thenEvents(hasBob)
    given('New').when(toPerson('carl')).thenTypes('AssignedToPerson')
    given('New', inNetwork).when(toPerson('carl')).thenRefused('INCIDENT.NOT_A_MEMBER')
    given('New', inNetwork).when(toPerson('nobody')).thenRefused('INCIDENT.PERSON_UNKNOWN')
    given('New', inNetwork).when(toPerson('left')).thenRefused('INCIDENT.PERSON_INACTIVE')
  })

  it('to a person with her group moves it there first', () => {
    given('New', inNetwork)
      .when(toPerson('bob', 'database'))
      .thenEvents(
        {
          type: 'AssignedToGroup',
          data: { group: 'database', previousGroup: 'network', previousPerson: null },
        },
        hasBob,
      )
    given('New', inNetwork).when(toPerson('bob', 'none')).thenRefused('INCIDENT.GROUP_UNKNOWN')
    given('New', inNetwork).when(toPerson('agnes', 'database')).thenRefused('INCIDENT.NOT_A_MEMBER')
  })

  it('repeated changes nothing; nobody puts it back into the queue', () => {
    given('New', inNetwork, hasBob).when(toPerson('bob', 'network')).thenNothing()
    given('New', inNetwork, hasBob)
      .when(toPerson(null))
      .thenEvents({ type: 'AssignedToPerson', data: { person: null, previousPerson: 'bob' } })
    given('New', inNetwork).when(toPerson(null)).thenNothing()
  })

  it.each(['Resolved', 'Closed', 'Canceled'] as const)('is over when %s', (state) => {
    const code = state === 'Resolved' ? 'INCIDENT.NOT_OPEN' : `INCIDENT.${state.toUpperCase()}`
    given(state).when(toGroup('network')).thenRefused(code)
    given(state).when(toPerson('bob')).thenRefused(code)
    given(state)
      .when(new commands.Accept(NUMBER, {}, agnes))
      .thenRefused(code)
  })
})

describe('accepting', () => {
  const accept = (metadata = agnes) => new commands.Accept(NUMBER, {}, metadata)
  const byAgnes: IncidentEvent = { type: 'IncidentAccepted', data: { person: 'agnes', previousPerson: null } }

  it('takes a New incident on and starts the work', () => {
    const outcome = given('New', inNetwork).when(accept())
    outcome.thenEvents(byAgnes)
    expect(outcome.state).toMatchObject({ state: 'In Progress', assignee: 'agnes', accepted: true })
  })

  it('needs a member of the group, when there is one', () => {
    given('New').when(accept(caller)).thenTypes('IncidentAccepted')
    given('New', inNetwork).when(accept(caller)).thenRefused('INCIDENT.NOT_A_MEMBER')
  })

  it('of two agents lets the second know that she was late', () => {
    given('New', inNetwork, byAgnes).when(accept(bob)).thenRefused('INCIDENT.ALREADY_ASSIGNED')
    given('New', inNetwork, byAgnes).when(accept()).thenNothing()
  })

  it('acknowledges what was assigned to oneself, not what others have', () => {
    const hasBob: IncidentEvent = { type: 'AssignedToPerson', data: { person: 'bob', previousPerson: null } }
    given('New', inNetwork, hasBob)
      .when(accept(bob))
      .thenEvents({ type: 'IncidentAccepted', data: { person: 'bob', previousPerson: 'bob' } })
    given('New', inNetwork, hasBob).when(accept()).thenRefused('INCIDENT.ALREADY_ASSIGNED')
  })

  it('leaves an incident on hold there', () =>
    expect(given('On Hold').when(accept()).state).toMatchObject({ state: 'On Hold', assignee: 'agnes' }))

  it('as the next one of a queue, is of what still waits there alone', () => {
    const next = new commands.Accept(NUMBER, { queue: 'network' }, agnes)
    const toDatabase: IncidentEvent = {
      type: 'AssignedToGroup',
      data: { group: 'database', previousGroup: 'network', previousPerson: null },
    }
    given('New', inNetwork).when(next).thenEvents(byAgnes)
    given('In Progress', inNetwork).when(next).thenEvents(byAgnes)
    given('On Hold', inNetwork).when(next).thenRefused('INCIDENT.NOT_WAITING')
    given('New', inNetwork, toDatabase).when(next).thenRefused('INCIDENT.NOT_WAITING')
    given('New').when(next).thenRefused('INCIDENT.NOT_WAITING')
  })
})

describe('escalation', () => {
  it('functional: another group takes over', () => {
    const escalate = (group?: string) => new commands.Escalate(NUMBER, { kind: 'functional', group }, agnes)
    given('New', inNetwork).when(escalate('database')).thenTypes('IncidentEscalated', 'AssignedToGroup')
    given('New', inNetwork).when(escalate('network')).thenNothing()
    given('New', inNetwork).when(escalate('none')).thenRefused('INCIDENT.GROUP_UNKNOWN')
    given('New', inNetwork).when(escalate()).thenRefused('INCIDENT.GROUP_NEEDED')
    given('Resolved').when(escalate('network')).thenRefused('INCIDENT.NOT_OPEN')
  })

  it("hierarchical: the group's manager, or whom one names, is informed", () => {
    const escalate = (informed?: string) =>
      new commands.Escalate(NUMBER, { kind: 'hierarchical', informed }, agnes)
    const informs = (informed: string): IncidentEvent => ({
      type: 'IncidentEscalated',
      data: { kind: 'hierarchical', informed },
    })
    given('New', inNetwork).when(escalate()).thenEvents(informs('mia'))
    given('New', inNetwork).when(escalate('bob')).thenEvents(informs('bob'))
    given('New', inNetwork).when(escalate('nobody')).thenRefused('INCIDENT.PERSON_UNKNOWN')
    given('New').when(escalate()).thenRefused('INCIDENT.MANAGER_UNKNOWN')
  })
})

describe('the lifecycle', () => {
  const STEPS = {
    StartWork: [new commands.StartWork(NUMBER, {}, agnes), ['New'], 'INCIDENT.NOT_NEW'],
    Hold: [
      new commands.Hold(NUMBER, { reason: 'awaiting-vendor' }, agnes),
      ['New', 'In Progress', 'On Hold'],
      'INCIDENT.NOT_OPEN',
    ],
    Resume: [new commands.Resume(NUMBER, {}, agnes), ['On Hold'], 'INCIDENT.NOT_ON_HOLD'],
    Resolve: [
      new commands.Resolve(NUMBER, { code: 'fixed', notes: 'Otherwise' }, agnes),
      ['New', 'In Progress', 'On Hold'],
      'INCIDENT.NOT_OPEN',
    ],
    Reopen: [new commands.Reopen(NUMBER, {}, agnes), ['Resolved'], 'INCIDENT.NOT_RESOLVED'],
    Close: [new commands.Close(NUMBER, {}, agnes), ['Resolved'], 'INCIDENT.NOT_RESOLVED'],
    Cancel: [
      new commands.Cancel(NUMBER, { code: 'mistake' }, agnes),
      ['New', 'In Progress', 'On Hold'],
      'INCIDENT.NOT_OPEN',
    ],
    MergeDuplicate: [
      new commands.MergeDuplicate(NUMBER, { survivor: 'INC0000002' }, agnes),
      ['New', 'In Progress', 'On Hold'],
      'INCIDENT.NOT_OPEN',
    ],
  } as const satisfies Record<
    string,
    readonly [commands.IncidentCommand, readonly Incident['state'][], string]
  >
  /** Wishes that are so already. */
  const NO_OPS = new Set(['StartWork In Progress', 'Close Closed'])

  const cases = Object.entries(STEPS).flatMap(([name, [command, from, code]]) =>
    INCIDENT_STATES.map((state) => ({
      name,
      command,
      state,
      allowed: (from as readonly string[]).includes(state),
      code,
    })),
  )
  it.each(cases)('$name from $state', ({ name, command, state, allowed, code }) => {
    const outcome = given(state).and('incident-INC0000002', opened).when(command)
    if (NO_OPS.has(`${name} ${state}`)) outcome.thenNothing()
    else if (allowed) expect(outcome.events.length).toBeGreaterThan(0)
    else if (state === 'Closed' || state === 'Canceled')
      outcome.thenRefused(`INCIDENT.${state.toUpperCase()}`)
    else outcome.thenRefused(code)
  })

  it('counts reopenings and forgets the resolution', () => {
    const outcome = given(
      'Resolved',
      { type: 'IncidentReopened', data: { from: 'Resolved', to: 'In Progress', count: 1 } },
      resolved,
    ).when(new commands.Reopen(NUMBER, {}, agnes))
    outcome.thenEvents({ type: 'IncidentReopened', data: { from: 'Resolved', to: 'In Progress', count: 2 } })
    expect(outcome.state).toMatchObject({
      state: 'In Progress',
      reopenCount: 2,
      resolution: null,
      resolvedAt: null,
      autoCloseAt: null,
    })
  })

  it('tells who closed it: the caller, an agent or the clock', () => {
    const close = (metadata: typeof agnes, cause?: 'auto-close') =>
      given('Resolved').when(new commands.Close(NUMBER, { cause }, metadata))
    close(caller).thenEvents({ type: 'IncidentClosed', data: { cause: 'caller' } })
    close(agnes).thenEvents(closed)
    close(policy('2026-01-12T08:00:00.000Z'), 'auto-close').thenEvents({
      type: 'IncidentClosed',
      data: { cause: 'auto-close' },
    })
    close(policy('2026-01-12T07:59:59.999Z'), 'auto-close').thenRefused('INCIDENT.NOT_DUE')
  })

  it('cancels with a code only, once', () => {
    given('New')
      .when(new commands.Cancel(NUMBER, { code: ' ' }, agnes))
      .thenRefused('INCIDENT.TEXT_REQUIRED')
    given('Canceled')
      .when(new commands.Cancel(NUMBER, { code: 'withdrawn' }, agnes))
      .thenNothing()
  })
})

describe('holding', () => {
  const hold = (data: commands.Hold['data']) => new commands.Hold(NUMBER, data, agnes)

  it('for the caller needs a comment, and reminds him when the settings say so', () => {
    const wish = hold({ reason: 'awaiting-caller', comment: 'Which mailbox?' })
    given('New')
      .and('settings-incident', settings)
      .when(wish)
      .thenEvents({
        type: 'IncidentHeld',
        data: {
          hold: { reason: 'awaiting-caller', comment: 'Which mailbox?' },
          listVersion: 0,
          awaitsCaller: true,
          remindAt: '2026-01-08T09:00:00.000Z',
          settingsVersion: 2,
        },
      })
    expect(given('New').when(wish).events[0]?.data).not.toHaveProperty('remindAt', expect.anything())
    given('New')
      .when(hold({ reason: 'awaiting-caller' }))
      .thenRefused('INCIDENT.TEXT_REQUIRED')
  })

  it('for others needs no comment and reminds nobody', () => {
    const [event] = given('New')
      .and('settings-incident', settings)
      .when(hold({ reason: 'awaiting-vendor' })).events
    expect(event?.data).toMatchObject({ awaitsCaller: false, remindAt: undefined })
  })

  it('follows the list in force', () => {
    given('New')
      .when(hold({ reason: 'lunch' }))
      .thenRefused('INCIDENT.HOLD_REASON_UNKNOWN')
    const listed = given('New').and('settings-hold-reasons', {
      type: 'HoldReasonsPublished',
      data: {
        version: 1,
        reasons: [{ code: 'lunch', label: 'Lunch', commentRequired: false, awaitsCaller: false }],
      },
    })
    expect(listed.when(hold({ reason: 'lunch' })).events[0]?.data).toMatchObject({ listVersion: 1 })
    listed.when(hold({ reason: 'awaiting-vendor' })).thenRefused('INCIDENT.HOLD_REASON_UNKNOWN')
  })

  it('ends in the future only', () => {
    const until = (time: string) => given('New').when(hold({ reason: 'awaiting-vendor', until: time }))
    until(NOW).thenRefused('INCIDENT.HOLD_UNTIL_PAST')
    until('tomorrow').thenRefused('INCIDENT.TIME_MALFORMED')
    expect(until('2026-01-05T11:00:00+01:00').events[0]?.data).toMatchObject({
      hold: { until: '2026-01-05T10:00:00.000Z' },
    })
  })

  it('again changes the reason, the same again nothing', () => {
    given('On Hold')
      .when(hold({ reason: 'awaiting-caller', comment: 'Which mailbox?' }))
      .thenNothing()
    const outcome = given('On Hold').when(hold({ reason: 'awaiting-vendor' }))
    outcome.thenTypes('HoldReasonChanged')
    expect(outcome.events[0]?.data).toMatchObject({
      hold: { reason: 'awaiting-vendor' },
      previous: { reason: 'awaiting-caller', comment: 'Which mailbox?' },
    })
    expect(outcome.state).toMatchObject({
      state: 'On Hold',
      hold: { remindAt: null, since: '2026-01-05T08:00:00.000Z' },
    })
  })

  it('wakes up when its time has come, not before', () => {
    const changed: IncidentEvent = {
      type: 'HoldReasonChanged',
      data: {
        hold: { reason: 'awaiting-vendor', until: '2026-01-06T00:00:00.000Z' },
        previous: { reason: 'awaiting-caller' },
        listVersion: 0,
      },
    }
    const wake = (at: string) =>
      given('On Hold', changed).when(new commands.Resume(NUMBER, { cause: 'hold-expired' }, policy(at)))
    wake('2026-01-06T00:00:00.000Z').thenEvents({ type: 'IncidentResumed', data: { cause: 'hold-expired' } })
    wake('2026-01-05T23:59:00.000Z').thenRefused('INCIDENT.NOT_DUE')
  })
})

describe('the silent caller', () => {
  const reminded: IncidentEvent = {
    type: 'CallerReminded',
    data: { count: 1, resolveAt: '2026-01-13T08:00:00.000Z', settingsVersion: 2 },
  }
  const remind = (at: string) => new commands.RemindCaller(NUMBER, {}, policy(at))
  const giveUp = (at: string) =>
    new commands.Resolve(
      NUMBER,
      { code: 'no-answer', notes: 'No answer', cause: 'silent-caller' },
      policy(at),
    )

  it('is reminded when it is time, once', () => {
    const story = given('On Hold').and('settings-incident', settings)
    story.when(remind('2026-01-08T08:00:00.000Z')).thenEvents(reminded)
    story.when(remind('2026-01-08T07:00:00.000Z')).thenRefused('INCIDENT.NOT_DUE')
    given('On Hold', reminded).when(remind('2026-01-09T08:00:00.000Z')).thenRefused('INCIDENT.NOT_DUE')
    given('In Progress').when(remind('2026-01-09T08:00:00.000Z')).thenRefused('INCIDENT.NOT_ON_HOLD')
  })

  it('loses the incident when he stays silent', () => {
    given('On Hold', reminded).when(giveUp('2026-01-13T08:00:00.000Z')).thenTypes('IncidentResolved')
    given('On Hold', reminded).when(giveUp('2026-01-12T08:00:00.000Z')).thenRefused('INCIDENT.NOT_DUE')
    given('On Hold').when(giveUp('2026-02-12T08:00:00.000Z')).thenRefused('INCIDENT.NOT_DUE')
  })
})

describe('comments and work notes', () => {
  const comment = (metadata = caller) => new commands.AddComment(NUMBER, { text: 'Mine' }, metadata)

  it("by the caller resume what waits for him, others' do not", () => {
    given('On Hold').when(comment()).thenTypes('CommentAdded', 'IncidentResumed')
    given('On Hold')
      .when(comment({ ...agnes, onBehalfOf: 'carl' }))
      .thenTypes('CommentAdded', 'IncidentResumed')
    given('On Hold').when(comment(agnes)).thenTypes('CommentAdded')
    given('In Progress').when(comment()).thenTypes('CommentAdded')
  })

  it('do not resume what waits for somebody else', () => {
    const vendor: IncidentEvent = {
      type: 'HoldReasonChanged',
      data: {
        hold: { reason: 'awaiting-vendor' },
        previous: { reason: 'awaiting-caller' },
        listVersion: 0,
        awaitsCaller: false,
      },
    }
    given('On Hold', vendor).when(comment()).thenTypes('CommentAdded')
  })

  it('ask the list in force about imported holds', () => {
    const imported = (reason: string): IncidentEvent => ({
      type: 'IncidentHeld',
      data: { hold: { reason }, listVersion: null },
    })
    given('New', imported('awaiting-caller')).when(comment()).thenTypes('CommentAdded', 'IncidentResumed')
    given('New', imported('Awaiting Whatever')).when(comment()).thenTypes('CommentAdded')
  })

  it.each(['New', 'In Progress', 'On Hold', 'Resolved'] as const)('are taken when %s', (state) => {
    given(state).when(comment(agnes)).thenTypes('CommentAdded')
    given(state)
      .when(new commands.AddWorkNote(NUMBER, { text: 'x' }, agnes))
      .thenTypes('WorkNoteAdded')
  })

  it.each(['Closed', 'Canceled'] as const)('are refused when %s', (state) => {
    const code = `INCIDENT.${state.toUpperCase()}`
    given(state).when(comment()).thenRefused(code)
    given(state)
      .when(new commands.AddWorkNote(NUMBER, { text: 'x' }, agnes))
      .thenRefused(code)
  })

  it('say something', () => {
    given('New')
      .when(new commands.AddComment(NUMBER, { text: '' }, agnes))
      .thenRefused('INCIDENT.TEXT_REQUIRED')
    given('New')
      .when(new commands.AddWorkNote(NUMBER, { text: ' ' }, agnes))
      .thenRefused('INCIDENT.TEXT_REQUIRED')
  })
})

describe('links, knowledge, files, watchers, audience', () => {
  const problem = { relation: 'has-problem', targetType: 'problem', target: 'PRB0000001' } as const
  const added: IncidentEvent = { type: 'LinkAdded', data: { link: problem } }

  it('links once, unlinks once, in every state', () => {
    for (const state of INCIDENT_STATES) {
      given(state)
        .when(new commands.AddLink(NUMBER, problem, agnes))
        .thenEvents(added)
      given(state, added)
        .when(new commands.AddLink(NUMBER, problem, agnes))
        .thenNothing()
      given(state, added)
        .when(new commands.RemoveLink(NUMBER, problem, agnes))
        .thenTypes('LinkRemoved')
      given(state)
        .when(new commands.RemoveLink(NUMBER, problem, agnes))
        .thenNothing()
    }
  })

  it('refuses links that mean nothing', () => {
    const link = (data: object) =>
      given('New').when(new commands.AddLink(NUMBER, { ...problem, ...data } as typeof problem, agnes))
    link({ targetType: 'change' }).thenRefused('INCIDENT.LINK_TARGET_MISMATCH')
    link({ relation: 'likes' }).thenRefused('INCIDENT.RELATION_UNKNOWN')
    link({ relation: 'related-to', targetType: 'incident', target: NUMBER }).thenRefused(
      'INCIDENT.LINK_TO_ITSELF',
    )
    link({ target: '' }).thenRefused('INCIDENT.TEXT_REQUIRED')
    link({ relation: 'duplicate-of', targetType: 'incident' }).thenRefused('INCIDENT.LINK_BY_MERGE')
    given('New')
      .when(
        new commands.RemoveLink(
          NUMBER,
          { relation: 'duplicate-of', targetType: 'incident', target: 'x' },
          agnes,
        ),
      )
      .thenRefused('INCIDENT.LINK_BY_MERGE')
  })

  it('keeps which revision of an article helped, once', () => {
    const apply = new commands.ApplyKnowledge(NUMBER, { article: 'KB0000001', revision: 2 }, agnes)
    const applied: IncidentEvent = { type: 'KnowledgeApplied', data: { article: 'KB0000001', revision: 2 } }
    given('New').when(apply).thenEvents(applied)
    given('New', applied).when(apply).thenNothing()
    given('Closed').when(apply).thenRefused('INCIDENT.CLOSED')
    const nothing = new commands.ApplyKnowledge(NUMBER, { article: '', revision: 1 }, agnes)
    given('New').when(nothing).thenRefused('INCIDENT.TEXT_REQUIRED')
  })

  it('attaches a content once under a name', () => {
    const file = {
      hash: HASH,
      name: 'log.txt',
      contentType: 'text/plain',
      size: 3,
      visibility: 'public',
    } as const
    const attach = (data = {}) => new commands.AttachFile(NUMBER, { ...file, ...data }, agnes)
    given('New').when(attach()).thenEvents({ type: 'AttachmentAdded', data: file })
    given('New', { type: 'AttachmentAdded', data: file }).when(attach()).thenNothing()
    given('New')
      .when(attach({ hash: 'A' }))
      .thenRefused('INCIDENT.HASH_MALFORMED')
    given('New')
      .when(attach({ name: '' }))
      .thenRefused('INCIDENT.TEXT_REQUIRED')
    given('Canceled').when(attach()).thenRefused('INCIDENT.CANCELED')
  })

  it('takes known people as watchers, once; a policy may name whom only the source knows', () => {
    const watch = (person: string, metadata = agnes) => new commands.AddWatcher(NUMBER, { person }, metadata)
    const watched: IncidentEvent = { type: 'WatcherAdded', data: { person: 'bob' } }
    given('Closed').when(watch('bob')).thenEvents(watched)
    given('New', watched).when(watch('bob')).thenNothing()
    given('New').when(watch('nobody')).thenRefused('INCIDENT.PERSON_UNKNOWN')
    given('New')
      .when(watch('Caller 7', policy(NOW)))
      .thenTypes('WatcherAdded')
    given('New', watched)
      .when(new commands.RemoveWatcher(NUMBER, { person: 'bob' }, agnes))
      .thenTypes('WatcherRemoved')
    given('New')
      .when(new commands.RemoveWatcher(NUMBER, { person: 'bob' }, agnes))
      .thenNothing()
  })

  it('changes the audience, whatever the order of its groups', () => {
    const change = (groups: string[]) =>
      new commands.ChangeAudience(NUMBER, { audience: { kind: 'groups', groups } }, agnes)
    const outcome = given('Closed').when(change(['database', 'network']))
    outcome.thenTypes('AudienceChanged')
    given('Closed', ...outcome.events)
      .when(change(['network', 'database']))
      .thenNothing()
    given('New').when(change([])).thenRefused('INCIDENT.AUDIENCE_EMPTY')
    given('New')
      .when(change(['network', 'none']))
      .thenRefused('INCIDENT.GROUP_UNKNOWN')
  })
})

describe('resolving', () => {
  const resolve = (data = {}) =>
    new commands.Resolve(NUMBER, { code: 'fixed', notes: 'Restarted', ...data }, agnes)

  it('keeps when it will close by itself, by the settings now in force', () => {
    given('New')
      .and('settings-incident', settings)
      .when(resolve())
      .thenEvents({
        type: 'IncidentResolved',
        data: {
          code: 'fixed',
          notes: 'Restarted',
          resolvedBy: 'agnes',
          autoCloseAt: '2026-01-12T09:00:00.000Z',
          settingsVersion: 2,
        },
      })
    expect(given('New').when(resolve()).state).toMatchObject({ autoCloseAt: null })
  })

  it('needs code and notes; the same again changes nothing', () => {
    given('New')
      .when(resolve({ code: '' }))
      .thenRefused('INCIDENT.TEXT_REQUIRED')
    given('New')
      .when(resolve({ notes: '\n' }))
      .thenRefused('INCIDENT.TEXT_REQUIRED')
    given('Resolved').when(resolve()).thenNothing()
  })

  it('believes a restoration between detection and now only', () => {
    const restored = (at: string, ...more: IncidentEvent[]) =>
      given('New', ...more).when(resolve({ serviceRestoredAt: at }))
    const detected: IncidentEvent = {
      type: 'IncidentDetailsChanged',
      data: { changes: { detectedAt: { from: null, to: '2026-01-05T06:00:00.000Z' } } },
    }
    restored('2026-01-05T08:30:00Z').thenTypes('IncidentResolved')
    restored('2026-01-05T07:30:00Z').thenRefused('INCIDENT.RESTORED_AT_IMPLAUSIBLE')
    restored('2026-01-05T07:30:00Z', detected).thenTypes('IncidentResolved')
    restored('2026-01-05T09:00:01Z').thenRefused('INCIDENT.RESTORED_AT_IMPLAUSIBLE')
  })
})

describe('merging a duplicate', () => {
  const merge = (survivor = 'INC0000002') => new commands.MergeDuplicate(NUMBER, { survivor }, agnes)
  const merged: IncidentEvent = {
    type: 'IncidentMerged',
    data: { survivor: 'INC0000003', caller: null, watchers: [] },
  }

  it('cancels it, links it, and tells whom the survivor concerns', () => {
    const watched: IncidentEvent = { type: 'WatcherAdded', data: { person: 'bob' } }
    const outcome = given('New', watched).and('incident-INC0000002', opened).when(merge())
    outcome.thenEvents(
      {
        type: 'LinkAdded',
        data: { link: { relation: 'duplicate-of', targetType: 'incident', target: 'INC0000002' } },
      },
      { type: 'IncidentMerged', data: { survivor: 'INC0000002', caller: 'carl', watchers: ['bob'] } },
    )
    expect(outcome.state).toMatchObject({
      state: 'Canceled',
      canceledAs: 'duplicate',
      mergedInto: 'INC0000002',
    })
    given('New', ...outcome.events)
      .when(merge())
      .thenNothing()
  })

  it('needs a survivor that exists, goes on and is another one', () => {
    given('New').when(merge()).thenRefused('INCIDENT.SURVIVOR_UNKNOWN')
    given('New').when(merge(NUMBER)).thenRefused('INCIDENT.MERGE_INTO_ITSELF')
    given('New')
      .and('incident-INC0000002', opened, canceled)
      .when(merge())
      .thenRefused('INCIDENT.SURVIVOR_CANCELED')
    given('New')
      .and('incident-INC0000002', opened, merged)
      .when(merge())
      .thenRefused('INCIDENT.SURVIVOR_MERGED')
    given('New')
      .and('incident-INC0000002', opened, resolved, closed)
      .when(merge())
      .thenTypes('LinkAdded', 'IncidentMerged')
  })

  it('waits while somebody merges the survivor, who was there before', () => {
    const named = (occurredAt: string) =>
      ({ type: 'DuplicateNamed', data: { survivor: NUMBER }, metadata: { occurredAt } }) as const
    const merging = (...when: string[]) =>
      given('New')
        .and('incident-INC0000002', opened)
        .and('duplicate-incident-INC0000002', ...when.map(named))
    merging('2026-01-05T08:59:30Z').when(merge()).thenRefused('INCIDENT.SURVIVOR_MERGING')
    merging('2026-01-05T08:58:30Z').when(merge()).thenTypes('LinkAdded', 'IncidentMerged')
    // The second of that stream stands behind the first of this one
    merging('2026-01-05T08:59:30Z', '2026-01-05T08:59:40Z')
      .and(`duplicate-incident-${NUMBER}`, named('2026-01-05T08:59:35Z'))
      .when(merge())
      .thenTypes('LinkAdded', 'IncidentMerged')
  })
})

describe('every command in every state', () => {
  const person = fc.constantFrom('bob', 'carl', 'agnes', 'left', 'nobody')
  const group = fc.constantFrom('network', 'database', 'none')
  const text = fc.constantFrom('', 'x', 'fixed', 'withdrawn')
  const time = fc.constantFrom(
    '2026-01-01T00:00:00Z',
    '2026-01-05T08:30:00Z',
    '2027-01-01T00:00:00Z',
    'never',
  )
  const build = <C extends commands.IncidentCommand, D extends object>(
    Class: new (id: string, data: D, metadata: typeof agnes) => C,
    data: fc.Arbitrary<D>,
  ) =>
    fc
      .tuple(data, fc.constantFrom('agnes', 'bob', 'carl'), fc.constantFrom(NOW, '2027-06-01T00:00:00.000Z'))
      .map(
        ([values, actor, occurredAt]) =>
          new Class(
            NUMBER,
            values,
            commandMetadata({ actor, occurredAt, reason: 'because', source: SOURCE }),
          ),
      )
  const SOURCE = { name: 'elsewhere', externalId: '1', row: 1, run: 'r1' }
  const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
  const level = fc.integer({ min: 0, max: 6 })
  const link = fc.record({
    relation: fc.constantFrom('affects', 'related-to', 'has-problem', 'duplicate-of'),
    targetType: fc.constantFrom('problem', 'incident', 'configuration-item'),
    target: fc.constantFrom('PRB1', NUMBER),
  }) as fc.Arbitrary<commands.AddLink['data']>

  const anyCommand: fc.Arbitrary<commands.IncidentCommand> = fc.oneof(
    build(
      commands.OpenIncident,
      fc.record({ title: text, caller: optional(person), impact: optional(level) }),
    ),
    build(
      commands.ChangeDetails,
      fc.record({ title: optional(text), caller: fc.option(person), detectedAt: optional(time) }),
    ),
    build(commands.Categorize, fc.record({ category: fc.option(text) })),
    build(commands.Prioritize, fc.record({ impact: optional(level), urgency: optional(level) })),
    build(commands.OverridePriority, fc.record({ priority: level })),
    build(commands.AssignToGroup, fc.record({ group: fc.option(group) })),
    build(commands.AssignToPerson, fc.record({ person: fc.option(person), group: optional(group) })),
    build(commands.Accept, fc.constant({})),
    build(commands.StartWork, fc.constant({})),
    build(
      commands.Hold,
      fc.record({
        reason: fc.constantFrom('awaiting-caller', 'awaiting-vendor', 'x'),
        comment: optional(text),
        until: optional(time),
      }),
    ),
    build(commands.Resume, fc.record({ cause: fc.constantFrom(undefined, 'hold-expired' as const) })),
    build(
      commands.Escalate,
      fc.oneof(
        fc.record({ kind: fc.constant('functional' as const), group }),
        fc.record({ kind: fc.constant('hierarchical' as const), informed: optional(person) }),
      ),
    ),
    build(commands.AddComment, fc.record({ text })),
    build(commands.AddWorkNote, fc.record({ text })),
    build(commands.AddLink, link),
    build(commands.RemoveLink, link),
    build(commands.ApplyKnowledge, fc.record({ article: text, revision: level })),
    build(
      commands.AttachFile,
      fc.record({
        hash: fc.constantFrom(HASH, 'x'),
        name: text,
        contentType: text,
        size: fc.nat(),
        visibility: fc.constantFrom('public', 'internal'),
      }) as fc.Arbitrary<commands.AttachFile['data']>,
    ),
    build(commands.AddWatcher, fc.record({ person })),
    build(commands.RemoveWatcher, fc.record({ person })),
    build(commands.ChangeAudience, fc.record({ audience: fc.constant({ kind: 'public' as const }) })),
    build(
      commands.Resolve,
      fc.record({
        code: text,
        notes: text,
        serviceRestoredAt: optional(time),
        cause: fc.constantFrom(undefined, 'silent-caller' as const),
      }),
    ),
    build(commands.Reopen, fc.constant({})),
    build(commands.Close, fc.record({ cause: fc.constantFrom(undefined, 'auto-close' as const) })),
    build(commands.Cancel, fc.record({ code: text })),
    build(
      commands.MergeDuplicate,
      fc.record({ survivor: fc.constantFrom(NUMBER, 'INC0000002', 'INC0000009') }),
    ),
    build(commands.RemindCaller, fc.constant({})),
    build(
      commands.ObserveAlertCondition,
      fc.record({
        alert: fc.constant('a1'),
        condition: fc.constantFrom('firing' as const, 'cleared' as const),
        count: fc.constant(1),
      }),
    ),
    build(commands.ActivateIncident, fc.constant({ run: 'r1' })),
    build(commands.EscalateByRule, fc.constant({ rule: { version: 1, name: 'Old' } })),
    build(
      commands.ProposeMajorIncident,
      fc.oneof(fc.record({ reason: text }), fc.record({ children: fc.nat(40) })),
    ),
    build(commands.PromoteMajorIncident, fc.record({ manager: person, nextUpdateAt: optional(time) })),
    build(commands.DemoteMajorIncident, fc.constant({})),
    build(
      commands.AssignMajorIncidentRole,
      fc.record({ role: fc.constantFrom('manager' as const, 'resolver' as const), person }),
    ),
    build(
      commands.PostMajorIncidentUpdate,
      fc.record({ text, visibility: fc.constant('public' as const), nextUpdateAt: optional(time) }),
    ),
    build(commands.RemindOfUpdate, fc.constant({})),
    build(commands.ReviewMajorIncident, fc.record({ summary: text })),
    build(commands.LinkParent, fc.record({ parent: fc.constantFrom(NUMBER, 'INC0000002', 'INC0000009') })),
    build(commands.UnlinkParent, fc.constant({})),
    build(commands.JoinParent, fc.record({ parent: fc.constantFrom('INC0000002', 'INC0000009'), at: time })),
    build(
      commands.FollowParent,
      fc.oneof(
        fc.record({
          parent: fc.constantFrom('INC0000002', 'INC0000009'),
          at: time,
          step: fc.constantFrom('progress' as const, 'hold' as const),
        }),
        fc.record({
          parent: fc.constant('INC0000002'),
          at: time,
          step: fc.constant('resolve' as const),
          code: fc.option(text),
          resolvedBy: fc.option(person),
        }),
      ),
    ),
    build(
      commands.FollowProblem,
      fc.oneof(
        fc.record({
          problem: fc.constant('PRB1'),
          step: fc.constantFrom('resolve' as const, 'resume' as const),
        }),
        fc.record({
          problem: fc.constant('PRB1'),
          step: fc.constant('workaround' as const),
          text,
          number: level,
        }),
        fc.record({
          problem: fc.constant('PRB1'),
          step: fc.constant('relink' as const),
          survivor: fc.constantFrom('PRB1', 'PRB2'),
        }),
      ),
    ),
    build(commands.PageOnCall, fc.record({ group: optional(group) })),
    build(commands.PageNext, fc.constant({})),
    build(commands.AcknowledgePage, fc.constant({})),
    build(
      commands.ImportIncidentUpdate,
      fc.record({
        observed: fc.record({
          state: optional(fc.constantFrom(...INCIDENT_STATES)),
          caller: fc.option(person),
          priority: fc.option(level),
          fields: fc.constant({}),
        }),
        matrixVersion: fc.constantFrom(null, 0),
      }),
    ),
  )

  it('generates every command that there is', () => {
    const generated = new Set(fc.sample(anyCommand, { numRuns: 4_000, seed: 1 }).map(({ type }) => type))
    const classes = commands.INCIDENT_COMMANDS.map((Class) => Class.name)
    expect([...generated].sort()).toEqual(classes.sort())
  })

  const start = fc.constantFrom(...(Object.keys(STORIES) as (keyof typeof STORIES)[]))

  it('gives events or a typed refusal, and no event leaves the lifecycle', () => {
    fc.assert(
      fc.property(start, fc.array(anyCommand, { minLength: 1, maxLength: 6 }), (state, wishes) => {
        const story: ToldEvent<IncidentEvent>[] = []
        for (const wish of wishes) {
          const outcome = given(state, ...story)
            .and('incident-INC0000002', opened)
            .when(wish)
          try {
            story.push(...outcome.events.map((event) => ({ ...event, metadata: { ...wish.metadata } })))
          } catch (error) {
            expect((error as { code?: string }).code).toMatch(/^INCIDENT\.[A-Z_]+$/)
            continue
          }
          expectSound(outcome.state)
        }
      }),
      { numRuns: 1_500 },
    )
  })

  it('leaves the record as it was on an event of a type that is not known', () => {
    const unknown = { type: 'IncidentSung', data: {} } as unknown as IncidentEvent
    for (const state of Object.keys(STORIES) as (keyof typeof STORIES)[]) {
      const before = given(state).when(new commands.AddWatcher(NUMBER, { person: 'bob' }, agnes))
      if (state === 'Not Opened') continue
      const after = given(state, unknown).when(new commands.AddWatcher(NUMBER, { person: 'bob' }, agnes))
      expect(after.state).toEqual(before.state)
    }
  })

  function expectSound(record: IncidentRecord): void {
    if (record.state === 'Not Opened') return
    expect(INCIDENT_STATES).toContain(record.state)
    expect(record.hold !== null).toBe(record.state === 'On Hold')
    expect(record.autoCloseAt === null || record.state === 'Resolved').toBe(true)
    expect(record.canceledAs !== null).toBe(record.state === 'Canceled')
    expect(record.mergedInto === null || record.state === 'Canceled').toBe(true)
    if (record.state === 'Resolved') expect(record.resolvedAt).not.toBeNull()
    expect(record.accepted && record.assignee === null).toBe(false)
    const open = record.state === 'New' || record.state === 'In Progress' || record.state === 'On Hold'
    expect(record.paging === null || open).toBe(true)
    expect(record.escalations.due.length === 0 || open).toBe(true)
    expect(record.major?.remindAt == null || open || record.state === 'Resolved').toBe(true)
  }
})
