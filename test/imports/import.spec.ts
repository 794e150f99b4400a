import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { derivedId, type RecordedEvent, TooLarge } from '#libs/event-sourcing'
import type { AppendOutcome, AppendRequest, BulkOutcome } from '#libs/event-store'
import { InMemoryEventStore } from '#libs/testing'
import { type TemporaryEventStore, temporaryEventStore } from '../../libs/testing/temporary-event-store.js'
import { importRules } from '../../src/cli/import-rules.js'
import { activateImport } from '../../src/imports/activation.js'
import { exitCode } from '../../src/imports/import-summary.js'
import { parseMapping } from '../../src/imports/mapping.js'
import { toldSummary } from '../../src/imports/told-summary.js'
import { incidentDecider } from '../../src/incidents/domain/incident.decider.js'
import type { IncidentEvent } from '../../src/incidents/domain/incident.events.js'
import { type Incident, type IncidentRecord, isOpened } from '../../src/incidents/domain/incident.state.js'
import {
  allEvents,
  importInto,
  SERVICENOW,
  SMALL,
  SMALL_HEADER,
  storyOf,
  temporaryFolder,
} from './import.fixture.js'

const folder = temporaryFolder()
afterAll(() => folder.dispose())

const small = (...rows: string[]) => folder.file('small.csv', [SMALL_HEADER, ...rows])

/** Appends as some live command would. */
async function live(store: InMemoryEventStore, stream: string, type: string, data: object): Promise<void> {
  const events = await store.readStream(stream)
  const commandId = derivedId('live', stream, events.length)
  await store.append({
    stream,
    expectedRevision: events.length === 0 ? 'noStream' : events.length - 1,
    events: [
      {
        id: commandId,
        type,
        data,
        metadata: {
          actor: 'agnes',
          channel: 'api',
          occurredAt: '2026-03-01T10:00:00.000Z',
          commandId,
          correlationId: commandId,
          schemaVersion: 1,
        },
      },
    ],
  })
}

function typesOf(events: readonly RecordedEvent[]): string[] {
  return events.map(({ type }) => type)
}

describe('an import', () => {
  it('turns each row into events by the record, with who, when and where from', async () => {
    const store = new InMemoryEventStore()
    const file = small(
      'A1,1/3/2026 09:10,ann,New,1,1,1,g1,x,?',
      'A1,1/3/2026 09:12,bob,Active,1,1,1,g1,x,?',
      'A1,1/3/2026 09:12,bob,Active,1,1,1,g1,y,?',
    )
    const summary = await importInto(store, file, { run: 'r1', actor: { id: 'adam', grant: 'g-1' } })
    const events = await store.readStream('incident-A1')
    expect(typesOf(events)).toEqual([
      'IncidentOpened',
      'PriorityDerived',
      'AssignedToGroup',
      'WorkStarted',
      'UpdateObserved',
    ])
    expect(events[3]).toMatchObject({
      metadata: {
        actor: 'adam',
        grant: 'g-1',
        attributedTo: 'small:bob',
        channel: 'import',
        occurredAt: '2026-03-01T09:12:00.000Z',
        correlationId: 'r1',
        source: { name: 'small', externalId: 'A1', row: 2, run: 'r1' },
      },
    })
    expect(events[4]!.data).toMatchObject({ source: { fields: { note: 'y' } } })
    expect(summary).toMatchObject({ rows: 3, applied: 3, records: 1, people: 2, groups: 1, rejected: 0 })
    expect(summary.events).toBe(5 + 3 + 1)
    expect(exitCode(summary)).toBe(0)
  })

  it('makes people and groups known before they are named, without any right', async () => {
    const store = new InMemoryEventStore()
    await live(store, 'group-small:g1', 'GroupRegistered', { name: 'Known already' })
    await importInto(
      store,
      small('A1,1/3/2026 09:10,Ann  B,New,1,1,1,g1,x,?', 'A2,1/3/2026 09:10,?,New,1,1,1,g2,x,?'),
    )
    const events = await allEvents(store, ['person-', 'group-', 'incident-'])
    expect(
      events
        .filter(({ stream }) => !stream.startsWith('incident-'))
        .map(({ stream, data }) => [stream, data]),
    ).toEqual([
      ['group-small:g1', { name: 'Known already' }],
      ['person-small:Ann  B', { kind: 'person', name: 'Ann  B' }],
      ['group-small:g2', { name: 'g2' }],
    ])
    expect(typesOf(events).indexOf('IncidentOpened')).toBeGreaterThan(
      typesOf(events).lastIndexOf('GroupRegistered'),
    )
  })

  it('publishes the matrix of the source once, and finds it among older versions', async () => {
    const store = new InMemoryEventStore()
    const first = await importInto(store, small('A1,1/3/2026 09:10,ann,New,1,1,1,g1,x,?'))
    expect(toldSummary(first)).toContain(
      "  the source's priority matrix is version 1, in force for this desk's records as well in place of the built-in one: " +
        'PUT /settings/priority-matrix sets another',
    )
    await live(store, 'settings-priority-matrix', 'PriorityMatrixPublished', {
      version: 2,
      matrix: {
        ...SMALL.priorityMatrix,
        cells: [
          [1, 1],
          [1, 1],
        ],
      },
    })
    const second = await importInto(store, small('A1,1/3/2026 09:11,ann,New,2,2,3,g1,x,?'))
    expect(second).toMatchObject({ matrixVersion: 1, matrixReplaced: null })
    expect(toldSummary(second).join()).not.toContain('priority matrix')
    const published = await store.readStream('settings-priority-matrix')
    expect(published).toHaveLength(2)
    expect(published[0]).toMatchObject({
      data: { version: 1, imported: true, emptyCells: ['impact 1, urgency 2'] },
      metadata: { occurredAt: '2026-03-01T09:10:00.000Z', channel: 'import' },
    })
    const [, , , derived] = await store.readStream('incident-A1')
    expect(derived).toMatchObject({ type: 'PriorityDerived', data: { priority: 3, matrixVersion: 1 } })
  })

  it('tells what is odd in the source', async () => {
    const store = new InMemoryEventStore()
    const summary = await importInto(
      store,
      small(
        'A1,1/3/2026 09:10,ann,Closed,2,1,3,g1,x,?',
        'A1,1/3/2026 09:11,ann,Active,1,2,1,g1,x,?',
        'A1,1/3/2026 09:12,ann,Closed,1,2,1,g1,x,?',
      ),
    )
    expect(summary).toMatchObject({
      irregular: { 'INCIDENT.NOT_RESOLVED': 2, 'INCIDENT.CLOSED': 1 },
      prioritiesNotDerived: 2,
      emptyCells: { 'impact 1, urgency 2': 1 },
    })
  })

  it('reports rows that can not be used by number and reason, and goes on', async () => {
    const store = new InMemoryEventStore()
    const summary = await importInto(
      store,
      small(
        'A1,1/3/2026 09:10,ann,New,1,1,1,g1,x,?',
        'A1,1/3/2026 09:10,ann',
        'A1,yesterday,ann,New,1,1,1,g1,x,?',
        'A1,1/3/2026 09:11,ann,Active,1,1,1,g1,x,?',
        '?,1/3/2026 09:11,ann,Active,1,1,1,g1,x,?',
      ),
      { run: 'r1', batchRows: 2 },
    )
    const rejections = [
      { row: 2, reason: 'has 3 columns, not 10' },
      { row: 3, reason: 'at "yesterday" is no time of the form d/M/yyyy HH:mm' },
      { row: 5, reason: 'id is missing' },
    ]
    expect(summary).toMatchObject({ rows: 5, applied: 2, rejected: 3, rejections })
    expect(exitCode(summary)).toBe(2)
    const run = await store.readStream('import-r1')
    expect(typesOf(run)).toEqual([
      'ImportStarted',
      'RowRejected',
      'RowRejected',
      'RowRejected',
      'ImportCompleted',
    ])
    expect(run[0]!.data).toMatchObject({
      source: 'small',
      file: { name: 'small.csv', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    })
    expect(run.slice(1, 4).map(({ data }) => data)).toMatchObject(rejections)
    expect(run[4]!.data).toMatchObject({ rows: 5, applied: 2, known: 0, rejected: 3, later: 0 })
  })

  it('rejects a row that belongs to a number of somebody else, and one that is too large', async () => {
    const store = new TooSmallStore()
    await live(store, 'incident-A2', 'IncidentOpened', { title: 'Ours', audience: { kind: 'participants' } })
    const summary = await importInto(
      store,
      small(
        'A1,1/3/2026 09:10,ann,New,1,1,1,g1,x,?',
        `A1,1/3/2026 09:11,ann,New,1,1,1,g1,${'x'.repeat(10_000)},?`,
        'A1,1/3/2026 09:12,ann,Active,1,1,1,g1,x,?',
        'A2,1/3/2026 09:12,ann,New,1,1,1,g1,x,?',
      ),
    )
    expect(summary).toMatchObject({ applied: 2, rejected: 2, known: 0 })
    expect(summary.rejections).toEqual([
      { row: 2, reason: expect.stringContaining('APPEND.TOO_LARGE') },
      { row: 4, reason: expect.stringContaining('INCIDENT.FOREIGN_RECORD') },
    ])
    expect(typesOf(await store.readStream('incident-A1')).at(-1)).toBe('WorkStarted')
    expect(await store.readStream('incident-A2')).toHaveLength(1)
  })

  it('foretells in a first dry run which numbers belong to somebody else', async () => {
    const store = new InMemoryEventStore()
    await live(store, 'incident-A2', 'IncidentOpened', { title: 'Ours', audience: { kind: 'participants' } })
    const file = small('A1,1/3/2026 09:10,ann,New,1,1,1,g1,x,?', 'A2,1/3/2026 09:12,ann,New,1,1,1,g1,x,?')
    const foretold = await importInto(store, file, { dryRun: true })
    const happened = await importInto(store, file)
    expect(foretold.rejections).toEqual(happened.rejections)
    expect(foretold).toMatchObject({ applied: 1, rejected: 1, records: 1 })
    expect(foretold.rejections[0]!.reason).toContain('number: { policy: allot } in the mapping')
  })

  it('is told for people, and not called an import when every row was rejected', async () => {
    const some = await importInto(
      new InMemoryEventStore(),
      small(...Array.from({ length: 12 }, (_, n) => `A${n},1/3/2026 09:10,ann,Closed,1,1,1,g1,x,?`)),
    )
    expect(toldSummary(some)).toEqual(
      expect.arrayContaining([
        'Imported.',
        '  irregular: 12 × INCIDENT.NOT_RESOLVED in A0, A1, A2, A3, A4, A5, A6, A7, A8, A9 and 2 more',
      ]),
    )
    const none = await importInto(new InMemoryEventStore(), small('A1,yesterday,ann,New,1,1,1,g1,x,?'))
    expect(toldSummary(none)[0]).toBe('Nothing was imported: see why rows were rejected.')
  })

  it('gives a group that is called as the own queue another id, and says so', async () => {
    const store = new InMemoryEventStore()
    const mapping = { ...SMALL, namespaces: { people: 'small:', groups: '' } }
    const summary = await importInto(store, small('A1,1/3/2026 09:10,ann,New,1,1,1,mine,x,?'), { mapping })
    expect(await store.readStream('group-mine')).toEqual([])
    expect(typesOf(await store.readStream('group-mine (group)'))).toEqual(['GroupRegistered'])
    expect(toldSummary(summary)).toContain(
      `  group "mine" is "mine (group)" here, as /queues/mine is everybody's own queue`,
    )
  })

  it('decides again when somebody changes a record meanwhile', async () => {
    const store = new MeddlingStore()
    await importInto(store, small('A1,1/3/2026 09:10,ann,New,1,1,1,g1,x,?'))
    store.meddle = async () => {
      await live(store, 'incident-A1', 'AssignedToGroup', {
        group: 'ours',
        previousGroup: 'small:g1',
        previousPerson: null,
      })
    }
    const summary = await importInto(
      store,
      small(
        'A1,1/3/2026 09:10,ann,New,1,1,1,g1,x,?',
        'A1,1/3/2026 09:11,ann,New,1,1,1,g1,y,?',
        'A1,1/3/2026 09:12,ann,Active,1,1,1,g1,y,?',
      ),
    )
    expect(summary).toMatchObject({ known: 1, applied: 2, rejected: 0 })
    const events = (await store.readStream('incident-A1')).slice(3)
    expect(events.map(({ type, data }) => [type, (data as { group?: string }).group])).toEqual([
      ['AssignedToGroup', 'ours'],
      // The source says that its own group has it: a snapshot, which the live change is part of no longer.
      ['AssignedToGroup', 'small:g1'],
      ['WorkStarted', undefined],
    ])
  })

  it('repeats what the store can not tell the outcome of, once', async () => {
    const store = new ForgetfulStore()
    const summary = await importInto(store, small('A1,1/3/2026 09:10,ann,New,1,1,1,g1,x,?'))
    expect(summary).toMatchObject({ applied: 1, rejected: 0 })
    expect(store.forgotten).toBeGreaterThan(3)
    expect(await store.readStream('incident-A1')).toHaveLength(3)
  })

  it('stops after the batch that is under way, says so, and goes on next time', async () => {
    const store = new InMemoryEventStore()
    const file = small(...Array.from({ length: 10 }, (_, n) => `A${n},1/3/2026 09:10,ann,New,1,1,1,g1,x,?`))
    const stop = new AbortController()
    const stopped = await importInto(store, file, {
      run: 'r1',
      batchRows: 3,
      signal: stop.signal,
      onProgress: ({ rows }) => rows >= 6 && stop.abort(),
    })
    expect(stopped).toMatchObject({ stopped: true, rows: 6, applied: 6 })
    expect((await store.readStream('import-r1')).at(-1)).toMatchObject({
      type: 'ImportStopped',
      data: { rows: 6 },
    })
    expect(await importInto(store, file)).toMatchObject({ stopped: false, rows: 10, known: 6, applied: 4 })
  })

  it('tells how far it is', async () => {
    const file = small(...Array.from({ length: 4 }, (_, n) => `A${n},1/3/2026 09:10,ann,New,1,1,1,g1,x,?`))
    const told: { rows: number; bytesRead: number; bytes: number }[] = []
    let now = 0
    await importInto(new InMemoryEventStore(), file, {
      batchRows: 2,
      clock: () => (now += 1_000),
      onProgress: ({ rows, bytesRead, bytes, rowsPerSecond, secondsLeft }) => {
        told.push({ rows, bytesRead, bytes })
        expect(rowsPerSecond).toBeGreaterThan(0)
        expect(secondsLeft).toBeGreaterThanOrEqual(0)
      },
    })
    expect(told.map(({ rows }) => rows)).toEqual([2, 4])
    expect(told.at(-1)!.bytesRead).toBe(told.at(-1)!.bytes)
  })
})

describe('handing imported records over to the policies', () => {
  const rows = [
    'A1,1/3/2026 09:10,ann,New,1,1,1,g1,x,?',
    'A2,1/3/2026 09:10,ann,Resolved,1,1,1,g1,x,?',
    'A3,1/3/2026 09:10,ann,Closed,1,1,1,g1,x,?',
  ]
  const settings = { autoCloseAfterDays: 1, remindCallerAfterDays: null, resolveSilentAfterDays: null }

  it('is asked for, is for open records only, and arms nothing in the past', async () => {
    const store = new InMemoryEventStore()
    await live(store, 'settings-incident', 'IncidentSettingsPublished', { version: 1, settings })
    const now = Date.parse('2026-05-01T00:00:00Z')
    const first = await importInto(store, small(...rows), { run: 'r1', clock: () => now })
    expect(first.activated).toBe(0)
    expect((await allEvents(store)).filter(({ type }) => type === 'IncidentActivated')).toEqual([])

    const later = await importInto(store, small(...rows), { run: 'r2', clock: () => now, activate: true })
    expect(later).toMatchObject({ applied: 0, activated: 2 })
    const activated = (await allEvents(store)).filter(({ type }) => type === 'IncidentActivated')
    expect(activated.map(({ stream, data }) => [stream, data])).toMatchObject([
      ['incident-A1', { run: 'r2' }],
      ['incident-A2', { run: 'r2', autoCloseAt: '2026-05-01T00:00:00.000Z', settingsVersion: 1 }],
    ])
    // Policies are deaf to what is imported: this is a command of today.
    for (const { metadata } of activated) {
      expect(metadata).toMatchObject({
        channel: 'api',
        actor: 'adam',
        occurredAt: '2026-05-01T00:00:00.000Z',
      })
    }
    expect((await store.readStream('import-r2')).at(-1)).toMatchObject({
      type: 'ImportActivated',
      data: { activated: 2 },
    })
  })

  it('may be done alone, later', async () => {
    const store = new InMemoryEventStore()
    await importInto(store, small(...rows))
    const kind = importRules.records.incident
    const options = { store, rules: importRules, kind, actor: { id: 'berta' }, source: 'small', run: 'r9' }
    expect(await activateImport(options)).toBe(2)
    expect(typesOf(await store.readStream('import-r9'))).toEqual(['ImportActivated'])
    expect((await store.readStream('incident-A2')).at(-1)).toMatchObject({
      type: 'IncidentActivated',
      data: { run: 'r9' },
      metadata: { actor: 'berta', channel: 'api' },
    })
  })

  it('leaves records of other sources alone', async () => {
    const store = new InMemoryEventStore()
    await importInto(store, small(...rows))
    const other = { ...SMALL, source: 'other' }
    const file = small('B1,1/3/2026 09:10,ann,New,1,1,1,g1,x,?')
    expect(await importInto(store, file, { mapping: other, activate: true })).toMatchObject({ activated: 1 })
  })
})

/** Another tool's export: other columns, other delimiter, quotes, a BOM, numbers that can't be kept, a zone with summer time. */
const HELPDESK = parseMapping(`
source: helpdesk
recordType: incident
format: { delimiter: ';' }
rowOrder: file
externalId: Ticket
number: { policy: allot }
time: { column: Changed, format: 'dd.MM.yyyy HH:mm:ss', zone: Europe/Berlin, precision: second }
namespaces: { people: 'hd:', groups: 'hd:' }
attributedTo: Changed by
state:
  column: Status
  values:
    neu: New
    in Arbeit: In Progress
    wartet: { state: On Hold, hold: awaiting-vendor }
    gelöst: Resolved
    storniert: Canceled
fields:
  title: Betreff
  description: Beschreibung
  impact: { column: Auswirkung, ranks: { hoch: 1, niedrig: 2 } }
  urgency: { column: Dringlichkeit, ranks: { hoch: 1, niedrig: 2 } }
  knowledgeUsed: { column: FAQ, yes: [ja], no: [nein] }
  assignmentGroup: Team
`)
const HELPDESK_FILE = `\uFEFFTicket;Changed;Changed by;Status;Betreff;Beschreibung;Auswirkung;Dringlichkeit;FAQ;Team;Standort
4711/a;28.03.2026 12:00:00;Jörg;neu;"Drucker; 2. Stock";"Er sagt ""Papierstau"",
immer wieder";hoch;niedrig;nein;Druck;Köln
4711/a;29.03.2026 12:00:00;Jörg;in Arbeit;"Drucker; 2. Stock";Neu gestartet;hoch;niedrig;ja;Druck;Köln
4712/b;29.03.2026 12:00:01;;storniert;Test;;niedrig;niedrig;nein;;
`

describe('another export needs a mapping and no code', () => {
  let log: TemporaryEventStore
  beforeEach(async () => {
    log = await temporaryEventStore()
  })
  afterEach(() => log.dispose())
  const importIt = (options = {}) =>
    importInto(log.store, folder.file('helpdesk.csv', HELPDESK_FILE), { mapping: HELPDESK, ...options })

  it('is understood', async () => {
    expect(await importIt()).toMatchObject({ rows: 3, applied: 3, rejected: 0, records: 2 })
    const events = await log.store.readStream('incident-INC0000001')
    const [opened, priority, group, details] = events
    expect(opened).toMatchObject({
      type: 'IncidentOpened',
      data: {
        title: 'Drucker; 2. Stock',
        description: 'Er sagt "Papierstau",\nimmer wieder',
        source: { fields: { Standort: 'Köln', Auswirkung: 'hoch', Status: 'neu' } },
      },
      // Winter time, then summer time.
      metadata: {
        occurredAt: '2026-03-28T11:00:00.000Z',
        attributedTo: 'hd:Jörg',
        source: { externalId: '4711/a' },
      },
    })
    expect(priority).toMatchObject({
      type: 'PriorityOverridden',
      data: { impact: 1, urgency: 2, priority: null },
    })
    expect(group).toMatchObject({ type: 'AssignedToGroup', data: { group: 'hd:Druck' } })
    expect(details).toMatchObject({
      type: 'IncidentDetailsChanged',
      data: { changes: { description: { to: 'Neu gestartet' } } },
      metadata: { occurredAt: '2026-03-29T10:00:00.000Z' },
    })
    expect(typesOf(events).slice(3)).toEqual(['IncidentDetailsChanged', 'KnowledgeApplied', 'WorkStarted'])
  })

  it('resolves its external ids, also after numbers were given to others', async () => {
    await log.store.append({
      stream: 'incident-INC0000001',
      expectedRevision: 'noStream',
      events: [
        {
          id: derivedId('live'),
          type: 'IncidentOpened',
          data: { title: 'Ours', audience: { kind: 'participants' } },
          metadata: {
            actor: 'agnes',
            channel: 'api',
            occurredAt: '2026-03-01T10:00:00.000Z',
            commandId: derivedId('live'),
            correlationId: 'x',
            schemaVersion: 1,
          },
        },
      ],
    })
    await importIt()
    const story = await storyOf(log.store, ['external-'])
    expect(story).toEqual({
      'external-helpdesk/4711/a': [
        ['ExternalIdClaimed', { number: 'INC0000002' }, '2026-03-28T11:00:00.000Z'],
      ],
      'external-helpdesk/4712/b': [
        ['ExternalIdClaimed', { number: 'INC0000003' }, '2026-03-29T10:00:01.000Z'],
      ],
    })
    const before = await storyOf(log.store)
    expect(await importIt({ actor: { id: 'berta' } })).toMatchObject({ known: 3, applied: 0, events: 0 })
    expect(await storyOf(log.store)).toEqual(before)
  })

  it('in pieces of one row is one import', async () => {
    await importIt({ batchRows: 1, keptRecords: 1 })
    const other = await temporaryEventStore()
    try {
      await importInto(other.store, folder.file('helpdesk.csv', HELPDESK_FILE), { mapping: HELPDESK })
      expect(await storyOf(log.store)).toEqual(await storyOf(other.store))
    } finally {
      await other.dispose()
    }
  })
})

describe('the sample of real incidents', () => {
  const sample = join(__dirname, '../data/servicenow-incidents-sample.csv.gz')
  const { sample: expected } = JSON.parse(
    readFileSync(join(__dirname, '../data/servicenow-incidents-expected.json'), 'utf8'),
  )

  it('has the rows that its README says', () => {
    expect(gunzipSync(readFileSync(sample)).toString().trimEnd().split('\n')).toHaveLength(1 + expected.rows)
  })

  it('up to the cut-off leaves a queue to work on', async () => {
    const store = new InMemoryEventStore()
    const summary = await importInto(store, sample, { mapping: SERVICENOW, until: expected.cutOff })
    expect(summary).toMatchObject({
      rows: expected.rows,
      applied: expected.rowsUntilCutOff,
      later: expected.rows - expected.rowsUntilCutOff,
      records: expected.incidentsAtCutOff,
      rejected: 0,
      prioritiesNotDerived: 0,
    })
    const incidents = await standing(store)
    expect(counts(incidents.map(({ state }) => state))).toEqual(expected.atCutOff)
    const unresolved = incidents.filter(({ state }) => state !== 'Resolved' && state !== 'Closed')
    expect(unresolved.filter(({ group }) => group === null)).toHaveLength(expected.unresolvedWithoutGroup)
    expect(unresolved.filter(({ assignee }) => assignee === null)).toHaveLength(
      expected.unresolvedWithoutAssignee,
    )
    const queues = counts(unresolved.flatMap(({ group }) => group ?? []))
    expect(Object.keys(queues)).toHaveLength(expected.groupsWithUnresolved)
    for (const [group, length] of Object.entries(expected.largestQueues)) {
      expect([group, queues[`servicenow:${group}`]]).toEqual([group, length])
    }
  })

  async function standing(store: InMemoryEventStore): Promise<Incident[]> {
    const states = new Map<string, IncidentRecord>()
    for (const event of await allEvents(store, ['incident-'])) {
      const before = states.get(event.stream) ?? incidentDecider.initial
      states.set(event.stream, incidentDecider.evolve(before, event as RecordedEvent<IncidentEvent>))
    }
    return [...states.values()].filter(isOpened)
  }

  function counts(values: readonly string[]): Record<string, number> {
    const totals: Record<string, number> = {}
    for (const value of values) totals[value] = (totals[value] ?? 0) + 1
    return totals
  }
})

/** Takes no events above 5 kB, all or nothing for a group. */
class TooSmallStore extends InMemoryEventStore {
  override async append(request: AppendRequest): Promise<AppendOutcome> {
    this.#check(request)
    return super.append(request)
  }

  override async appendMany(requests: readonly AppendRequest[]): Promise<BulkOutcome[]> {
    for (const request of requests) this.#check(request)
    return super.appendMany(requests)
  }

  #check(request: AppendRequest): void {
    if (JSON.stringify(request).length > 5_000)
      throw new TooLarge('APPEND.TOO_LARGE', 'too large for this store')
  }
}

/** Lets somebody else write once, right before a group of appends. */
class MeddlingStore extends InMemoryEventStore {
  meddle: (() => Promise<void>) | undefined

  override async appendMany(requests: readonly AppendRequest[]): Promise<BulkOutcome[]> {
    const { meddle } = this
    this.meddle = undefined
    await meddle?.()
    return super.appendMany(requests)
  }
}

/** Writes, and does not know of it the first time. */
class ForgetfulStore extends InMemoryEventStore {
  forgotten = 0
  readonly #told = new Set<string>()

  override async append(request: AppendRequest): Promise<AppendOutcome> {
    const outcome = await super.append(request)
    const id = request.events[0]!.id
    if (this.#told.has(id)) return outcome
    this.#told.add(id)
    this.forgotten++
    return { kind: 'unknown', cause: new Error('the line went dead') }
  }
}
