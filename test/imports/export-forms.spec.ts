import type { EventStore } from '#libs/event-store'
import { temporaryEventStore } from '../../libs/testing/temporary-event-store.js'
import type { ImportOptions } from '../../src/imports/import-file.js'
import { exitCode } from '../../src/imports/import-summary.js'
import { toldSummary } from '../../src/imports/told-summary.js'
import {
  APPLICATION_SUPPORT,
  applicationSupport,
  BANK_INCIDENTS,
  type BankIncidentRow,
  bankIncidents,
  HELPDESK_LOG,
  type HelpdeskActivity,
  helpdeskLog,
} from './export-forms.fixture.js'
import { allEvents, importInto, storyOf, temporaryFolder } from './import.fixture.js'

const folder = temporaryFolder()
afterAll(() => folder.dispose())

const disposals: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const dispose of disposals.splice(0)) await dispose()
})

async function newStore(): Promise<EventStore> {
  const { store, dispose } = await temporaryEventStore()
  disposals.push(dispose)
  return store
}

/** The events of one record: type and data. */
async function told(store: EventStore, number: string): Promise<[string, object][]> {
  const events = await store.readStream(`incident-${number}`)
  return events.map(({ type, data }) => [type, data as object])
}

describe('an export with one row per closed incident, without identifiers and dates', () => {
  async function importing(lines: string[], into?: EventStore, options: Partial<ImportOptions> = {}) {
    const store = into ?? (await newStore())
    const file = folder.file('closed.csv', lines)
    return { store, summary: await importInto(store, file, { mapping: APPLICATION_SUPPORT, ...options }) }
  }

  it('tells how long each took, by an instant that the mapping states', async () => {
    const { store, summary } = await importing(applicationSupport({ global_ttr_seconds: '5400' }))
    expect(summary).toMatchObject({ rows: 1, applied: 1, records: 1, rejected: 0, irregular: {} })
    expect(toldSummary(summary)).toContain(
      '  1 priorities as the source states them: its mapping has no matrix',
    )
    const events = await store.readStream('incident-INC0000001')
    expect(events.map(({ type }) => type)).toEqual([
      'IncidentOpened',
      'PriorityOverridden',
      'AssignedToGroup',
      'IncidentResolved',
      'IncidentClosed',
    ])
    expect(events[0]!.data).toMatchObject({ openedAt: '2022-12-30T22:30:00.000Z' })
    expect(new Set(events.map(({ metadata }) => metadata.occurredAt))).toEqual(
      new Set(['2022-12-31T00:00:00.000Z']),
    )
  })

  it('finds a home for what has one, and keeps the rest', async () => {
    const { store } = await importing(
      applicationSupport({
        sla_stage: 'Breached',
        breached_reason_code: 'Vendor late',
        reassignment_count: '2',
        reopened_flag: '1',
        csat_score: '4',
        label: 'Spanish, Portuguese',
      }),
    )
    const [[, opened], priority, , resolved] = (await told(store, 'INC0000001')) as [
      [string, object],
      ...unknown[],
    ]
    expect(opened).toMatchObject({
      contactType: 'chat',
      primaryCi: 'PAYROLL-PROD',
      vendor: 'VENDOR 1',
      category: 'Payroll',
      location: 'NORTH',
      customFields: { tier: 'Gold', environment: 'Production', team: 'First Aid' },
      source: {
        fields: {
          global_ttr_seconds: '3600',
          priority: 'Priority 3',
          sla_stage: 'Breached',
          made_sla: 'false',
          breached_reason_code: 'Vendor late',
          reopen_count: '1',
          reassignment_count: '2',
          csat_score: '4',
          csat_completed: null,
          label: 'Spanish, Portuguese',
          dv_u_zcode: 'Z1',
        },
      },
    })
    expect(opened).not.toHaveProperty('subcategory')
    expect(opened).not.toHaveProperty('source.fields.reopened_flag')
    expect(priority).toMatchObject(['PriorityOverridden', { priority: 3, impact: null }])
    expect(resolved).toMatchObject(['IncidentResolved', { code: 'Restart' }])
  })

  it('names the article that was used, where it says which', async () => {
    const { store } = await importing(
      applicationSupport(
        { inc_ka_flag: '1', kcs_solution: 'KB77' },
        { inc_ka_flag: '1' },
        { inc_ka_flag: '0' },
      ),
    )
    const applied = (await allEvents(store)).filter(({ type }) => type === 'KnowledgeApplied')
    expect(applied.map(({ stream, data }) => [stream, data])).toEqual([
      ['incident-INC0000001', expect.objectContaining({ article: 'KB77', revision: null })],
      ['incident-INC0000002', expect.objectContaining({ article: null, revision: null })],
    ])
  })

  it('has equal rows that are incidents each, told by their order', async () => {
    const rows = applicationSupport({}, { csat_score: '5' }, {}, {})
    const { store, summary } = await importing(rows)
    expect(summary).toMatchObject({ applied: 4, records: 4 })
    const claims = Object.keys(await storyOf(store, ['external-']))
    const ids = claims.map((stream) => stream.slice('external-application-support/'.length)).sort()
    const [equal] = ids.filter((id) => id.endsWith('-2'))
    expect(ids).toEqual(expect.arrayContaining([equal!.slice(0, -2), equal, equal!.replace(/2$/, '3')]))
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{16}(-[23])?$/)
  })

  it('imported again, or in two pieces, is one import', async () => {
    const rows = applicationSupport({}, { csat_score: '5' }, {}, { csat_score: '1' }, {})
    const { store } = await importing(rows.slice(0, 4))
    await importing(rows, store, { actor: { id: 'berta' } })
    const atOnce = await importing(rows)
    expect(await storyOf(store)).toEqual(await storyOf(atOnce.store))
    const again = await importing(rows, store)
    expect(again.summary).toMatchObject({ applied: 0, known: 5, events: 0 })
    expect(await storyOf(store)).toEqual(await storyOf(atOnce.store))
  })

  it('has bad rows reported, and the others imported', async () => {
    const { summary } = await importing(
      applicationSupport(
        { global_ttr_seconds: 'soon' },
        { priority: 'Urgent' },
        { inc_ka_flag: 'x' },
        { global_ttr_seconds: '-1' },
        {},
      ),
    )
    expect(exitCode(summary)).toBe(2)
    expect(summary.rejections).toEqual([
      { row: 1, reason: 'global_ttr_seconds "soon" is no number' },
      { row: 2, reason: 'priority "Urgent" is no known rank' },
      { row: 3, reason: 'inc_ka_flag "x" is neither 1 nor 0' },
      { row: 4, reason: 'global_ttr_seconds "-1" is no length of time in seconds' },
    ])
    expect(summary.applied).toBe(1)
  })

  it('keeps blanks, which may be part of what is said, unless the mapping says otherwise', async () => {
    const rows = applicationSupport({ prod_appl_name: '  PAYROLL' })
    const { store } = await importing(rows)
    expect((await told(store, 'INC0000001'))[0]![1]).toMatchObject({ primaryCi: '  PAYROLL' })
    const mapping = { ...APPLICATION_SUPPORT, trimmed: ['prod_appl_name'] }
    const trimmed = await importing(rows, undefined, { mapping })
    expect((await told(trimmed.store, 'INC0000001'))[0]![1]).toMatchObject({ primaryCi: 'PAYROLL' })
  })
})

describe('an export of closed incidents with configuration items', () => {
  async function importing(rows: BankIncidentRow[], into?: EventStore) {
    const store = into ?? (await newStore())
    const file = folder.file('bank.csv', bankIncidents(...rows))
    return { store, summary: await importInto(store, file, { mapping: BANK_INCIDENTS }) }
  }

  it('names the item and the service of each, which need not be known here', async () => {
    const { store, summary } = await importing([
      { ciName: 'SRV000007', serviceComponent: 'WBS000009', relatedChanges: '1', reassignments: '2' },
    ])
    expect(summary).toMatchObject({ rows: 1, applied: 1, records: 1, rejected: 0, irregular: {} })
    const [[, opened], , knowledge] = (await told(store, 'INC0000001')) as [[string, object], ...unknown[]]
    expect(opened).toMatchObject({
      primaryCi: 'SRV000007',
      service: 'WBS000009',
      customFields: { ciType: 'application-Web Based Application' },
      source: {
        fields: {
          relatedInteractions: '1',
          relatedIncidents: '0',
          relatedChanges: '1',
          slaFailStudentRule: '0',
          reassignment_count: '2',
          reopen_count: '0',
        },
      },
    })
    expect(knowledge).toMatchObject(['KnowledgeApplied', { article: 'KM0000001', revision: null }])
    expect((await allEvents(store)).filter(({ stream }) => /^(ci|service)-/.test(stream))).toEqual([])
  })

  it('opened when the row says, and is known of since it was closed, by the bank’s clocks', async () => {
    // The clocks of Amsterdam were put forward in between.
    const { store } = await importing([{ openTime: '2026-03-28 12:00:00', closeTime: '2026-03-29 12:00:00' }])
    const events = await store.readStream('incident-INC0000001')
    expect(events[0]!.data).toMatchObject({ openedAt: '2026-03-28T11:00:00.000Z' })
    expect(new Set(events.map(({ metadata }) => metadata.occurredAt))).toEqual(
      new Set(['2026-03-29T10:00:00.000Z']),
    )
    expect(events.map(({ type }) => type).slice(-2)).toEqual(['IncidentResolved', 'IncidentClosed'])
  })

  it('keeps a priority that differs from impact and urgency', async () => {
    const { store } = await importing([{ impact: '3', urgency: '4', priority: '3' }])
    expect((await told(store, 'INC0000001'))[1]).toMatchObject([
      'PriorityOverridden',
      { impact: 3, urgency: 4, priority: 3, derived: null },
    ])
  })

  it('has rows without a time of closing reported', async () => {
    const { summary } = await importing([{ closeTime: '' }, { openTime: 'yesterday' }, { impact: 'NS' }, {}])
    expect(summary.rejections.map(({ reason }) => reason)).toEqual([
      'closeTime is missing',
      'openTime "yesterday" is no time of the form yyyy-MM-dd HH:mm:ss',
      'impact "NS" is no known rank',
    ])
    expect(summary.applied).toBe(1)
  })
})

describe('a log of activities', () => {
  async function importing(
    activities: HelpdeskActivity[],
    into?: EventStore,
    options: Partial<ImportOptions> = {},
  ) {
    const store = into ?? (await newStore())
    const file = folder.file('log.csv', helpdeskLog(...activities))
    return { store, summary: await importInto(store, file, { mapping: HELPDESK_LOG, ...options }) }
  }

  const LIFE: HelpdeskActivity[] = [
    { ticket: 'Case 8', activity: 'Assign seriousness', at: '2026/03/02 09:00:00' },
    { ticket: 'Case 8', activity: 'Take in charge ticket', resource: 'R 2', at: '2026/03/02 09:05:00' },
    { ticket: 'Case 8', activity: 'Wait', resource: 'R 2', at: '2026/03/02 10:00:00' },
    { ticket: 'Case 8', activity: 'Wait', resource: 'R 2', at: '2026/03/02 10:00:00' },
    { ticket: 'Case 8', activity: 'Resolve ticket', resource: 'R 3', at: '2026/03/03 10:00:00' },
    { ticket: 'Case 8', activity: 'Closed', resource: 'R 4', at: '2026/04/02 10:00:00' },
  ]

  it('moves the ticket, or leaves a mark; each activity is an update', async () => {
    const { store, summary } = await importing(LIFE)
    expect(summary).toMatchObject({ rows: 6, applied: 6, records: 1, rejected: 0, irregular: {} })
    expect((await told(store, 'INC0000001')).map(([type]) => type)).toEqual([
      'IncidentOpened',
      'AssignedToGroup',
      'AssignedToPerson',
      'WorkStarted',
      'IncidentHeld',
      'UpdateObserved', // the repeat, exactly equal, is an activity too
      'IncidentResolved',
      'IncidentClosed',
    ])
  })

  it('tells its activities under the name by which figures find them', async () => {
    const { store } = await importing(LIFE)
    const states = (await told(store, 'INC0000001')).flatMap(
      ([, data]) => (data as { source?: { fields: { state?: string } } }).source?.fields.state ?? [],
    )
    expect(states).toEqual([
      'Assign seriousness',
      'Take in charge ticket',
      'Wait',
      'Resolve ticket',
      'Closed',
    ])
    const [[, opened]] = (await told(store, 'INC0000001')) as [[string, object]]
    expect(opened).toMatchObject({
      service: 'Product 2',
      category: 'Type 3',
      customFields: { customer: 'Customer 5', seriousness: 'S 1', serviceLevel: 'L 1' },
      source: { fields: { Variant: 'Way 7', 'Variant (2)': 'Way 7', seriousness: 'S 0' } },
    })
  })

  it('says who did it, and gives the ticket to whoever takes charge of it only', async () => {
    const { store } = await importing(LIFE)
    const events = await store.readStream('incident-INC0000001')
    expect(events.filter(({ type }) => type === 'AssignedToPerson').map(({ data }) => data)).toEqual([
      expect.objectContaining({ person: 'helpdesk-log:R 2' }),
    ])
    expect(events.find(({ type }) => type === 'IncidentResolved')!.metadata.attributedTo).toBe(
      'helpdesk-log:R 3',
    )
  })

  it('may change attributes on the way, as of the activity', async () => {
    const [first, second] = LIFE as [HelpdeskActivity, HelpdeskActivity]
    const { store } = await importing([first, { ...second, serviceLevel: 'L 9', workgroup: 'W 2' }])
    const details = (await told(store, 'INC0000001')).find(([type]) => type === 'IncidentDetailsChanged')
    expect(details?.[1]).toMatchObject({
      changes: {
        customFields: { from: { serviceLevel: 'L 1' }, to: { customer: 'Customer 5', serviceLevel: 'L 9' } },
      },
    })
  })

  it('that goes on after the end is imported as it stands, and marked', async () => {
    const [, take] = LIFE as [HelpdeskActivity, HelpdeskActivity]
    const { store, summary } = await importing([
      ...LIFE,
      { ...take, at: '2026/04/03 10:00:00' },
      { ...take, activity: 'Closed', at: '2026/04/04 10:00:00' },
    ])
    expect(summary.irregular).toEqual({ 'INCIDENT.CLOSED': 1, 'INCIDENT.NOT_RESOLVED': 1 })
    expect((await told(store, 'INC0000001')).at(-1)![0]).toBe('IncidentClosed')
  })

  it('stopped half-way, or imported twice, is one import', async () => {
    const store = await newStore()
    const stop = new AbortController()
    const stopped = await importing(LIFE, store, {
      batchRows: 2,
      signal: stop.signal,
      onProgress: ({ rows }: { rows: number }) => rows >= 4 && stop.abort(),
    })
    expect(stopped.summary).toMatchObject({ stopped: true, applied: 4 })
    expect((await importing(LIFE, store)).summary).toMatchObject({ known: 4, applied: 2 })
    expect(await storyOf(store)).toEqual(await storyOf((await importing(LIFE)).store))
    expect((await importing(LIFE, store)).summary).toMatchObject({ known: 6, events: 0 })
  })

  it('with an activity that nobody knows has that row reported', async () => {
    const [first] = LIFE as [HelpdeskActivity]
    const { summary } = await importing([first, { ...first, activity: 'Dance' }])
    expect(summary.rejections).toEqual([{ row: 2, reason: 'Activity "Dance" is no known state' }])
    const state = { ...HELPDESK_LOG.state, otherwise: 'keep' as const }
    const lenient = await importing([first, { ...first, activity: 'Dance' }], undefined, {
      mapping: { ...HELPDESK_LOG, state },
    })
    expect(lenient.summary).toMatchObject({ applied: 2, rejected: 0 })
  })
})
