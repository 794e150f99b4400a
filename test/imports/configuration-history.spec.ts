import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { LOG_START, type RecordedEvent } from '#libs/event-sourcing'
import type {
  AppendOutcome,
  AppendRequest,
  EventStore,
  NumberedAppend,
  NumberedOutcome,
} from '#libs/event-store'
import { checkLog, openSqliteEventStore } from '#libs/event-store/sqlite'
import { InMemoryEventStore } from '#libs/testing'
import { configurationRules } from '../../src/cli/configuration-rules.js'
import { type EstateHistory, estateHistory, writeEstateHistory } from '../../src/cli/estate-history.js'
import { type HistoryImportOptions, importHistory } from '../../src/imports/configuration/history-import.js'
import { parseHistoryMapping } from '../../src/imports/configuration/history-mapping.js'
import { toldHistory } from '../../src/imports/configuration/history-summary.js'
import { allEvents } from './import.fixture.js'

const MAPPING = parseHistoryMapping(
  readFileSync(join(__dirname, '../../src/imports/mappings/ansible-inventory-history.yaml'), 'utf8'),
)
const LOG_ID = '5f1c7d0e-6d0b-4f44-9a53-0c8d3c1c2f6b'

const home = mkdtempSync(join(tmpdir(), 'ledgerdesk-history-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

function folderOf(history: EstateHistory): string {
  const folder = mkdtempSync(join(home, 'estate-'))
  writeEstateHistory(folder, history)
  return folder
}

const importInto = (store: EventStore, folder: string, options: Partial<HistoryImportOptions> = {}) =>
  importHistory({
    store,
    rules: configurationRules,
    mapping: MAPPING,
    folder,
    actor: { id: 'adam' },
    ...options,
  })

/** The rows of the first commits. */
function shorter(history: EstateHistory, commits: number): EstateHistory {
  const upTo = (rows: object[]) => rows.filter((row) => (row as { change: number }).change <= commits)
  return {
    ...history,
    changes: history.changes.slice(0, commits),
    ciEvents: upTo(history.ciEvents),
    membershipEvents: upTo(history.membershipEvents),
  }
}

/** What is imported, in the order of the log; not the runs themselves. */
async function storyOf(store: InMemoryEventStore): Promise<unknown[]> {
  const events = (await allEvents(store)).filter(({ stream }) => !/^(import|settings)-/.test(stream))
  return events.map(({ stream, type, data, metadata }) => [
    stream,
    type,
    JSON.stringify(data),
    metadata.occurredAt,
    metadata.attributedTo,
  ])
}

/** Dies before an append, whatever it is of. */
class DyingStore extends InMemoryEventStore {
  appendsLeft = Number.POSITIVE_INFINITY

  override async append(request: AppendRequest): Promise<AppendOutcome> {
    this.#die()
    return super.append(request)
  }

  override async appendNumbered(request: NumberedAppend): Promise<NumberedOutcome> {
    this.#die()
    return super.appendNumbered(request)
  }

  #die(): void {
    if (this.appendsLeft-- <= 0) throw new Error('killed')
  }
}

describe('the import of a configuration’s history', () => {
  const history = estateHistory({ seed: 3, commits: 45 })
  const folder = folderOf(history)
  const rows = history.changes.length + history.ciEvents.length + history.membershipEvents.length

  it('makes of each commit a change that stands around all that it did', async () => {
    const store = new InMemoryEventStore(LOG_ID)
    expect(await importInto(store, folder)).toMatchObject({ rows, applied: rows, rejected: 0, known: 0 })
    const events = await allEvents(store, ['change-', 'ci-', 'relation-'])
    let open: string | undefined
    for (const { stream, type, data } of events) {
      const { change } = data as { change?: string }
      if (type === 'ChangeOpened') open = stream
      expect([stream, type, change ?? open?.slice('change-'.length)]).toEqual([
        stream,
        type,
        open?.slice('change-'.length),
      ])
      if (type === 'ChangeStateObserved') open = undefined
    }
    expect(open).toBeUndefined()
  })

  it('says that the source has no evidence, when it was and by whom', async () => {
    const store = new InMemoryEventStore(LOG_ID)
    await importInto(store, folder)
    const [opened, linked, closed] = await store.readStream('change-CHG0000025')
    const { committedAt, actor, commit, authoredAt, subject } = history.changes[24] as Record<string, string>
    expect(opened).toMatchObject({
      type: 'ChangeOpened',
      data: { type: 'configuration-commit', title: subject, sourceFields: { commit, authoredAt } },
      metadata: {
        actor: 'adam',
        attributedTo: `ansible-${actor}`,
        channel: 'import',
        occurredAt: new Date(committedAt as string).toISOString(),
      },
    })
    expect(linked).toMatchObject({ type: 'ChangeLinked', data: { link: { target: '#1025' } } })
    const unproven = 'no evidence in source'
    expect(closed).toMatchObject({
      type: 'ChangeStateObserved',
      data: { to: 'Closed', outcome: unproven, authorisation: unproven },
    })
  })

  it('leaves the end of what never was as an event, and tells its row', async () => {
    const store = new InMemoryEventStore(LOG_ID)
    const summary = await importInto(store, folder)
    const row =
      history.ciEvents.findIndex((event) => (event as { ci: string }).ci === 'never-was.example') + 1
    expect(summary.irregular['CI.UNKNOWN']).toEqual({ count: 1, rows: [`ci-events.jsonl:${row}`] })
    expect(toldHistory(summary).join('\n')).toContain(`CI.UNKNOWN in ci-events.jsonl:${row}`)
    const events = await allEvents(store, ['ci-'])
    const marked = events.filter(({ data }) => (data as { irregular?: string }).irregular === 'CI.UNKNOWN')
    expect(marked.map(({ type }) => type)).toEqual(['CiRetired'])
  })

  it('reserves the names that CIs bear', async () => {
    const store = new InMemoryEventStore(LOG_ID)
    await importInto(store, folder)
    const { ciName } = configurationRules
    const [item] = (await allEvents(store, ['ci-'])) as [RecordedEvent]
    const { class: ofClass, name } = item.data as { class: string; name: string }
    const reserved = await store.readStream(ciName.streamPrefix + ciName.id({ class: ofClass, name }))
    expect(reserved[0]).toMatchObject({
      type: 'CiNameReserved',
      data: { ci: item.stream.slice('ci-'.length) },
    })
  })

  it('writes nothing a second time when a source has two of one name, and the later one has it', async () => {
    const file = join(home, 'twins.db')
    const store = await openSqliteEventStore({ file })
    const create = { change: 1, op: 'create', kind: 'host', ci: 'twin.example' }
    const twice = folderOf({
      ...shorter(history, 1),
      ciEvents: [
        { seq: 1, ...create, set: { datacenter: [null, 'north'] } },
        { seq: 2, ...create, set: { datacenter: [null, 'south'] } },
      ],
      membershipEvents: [],
    })
    const { irregular } = await importInto(store, twice)
    expect(irregular['CI.NAME_TAKEN']).toMatchObject({ count: 1 })
    expect(await importInto(store, twice)).toMatchObject({ applied: 0, events: 0 })
    const prefixes = [configurationRules.ciName.streamPrefix]
    const reserved = await store.readAll({ after: LOG_START, prefixes, limit: 10 })
    expect(reserved.events).toHaveLength(2)
    await store.close()
    expect(await checkLog(file)).toEqual([])
  })

  it('writes nothing when it is to tell only what would happen', async () => {
    const store = new InMemoryEventStore(LOG_ID)
    expect(await importInto(store, folder, { dryRun: true })).toMatchObject({ rows, applied: rows })
    expect(await allEvents(store)).toEqual([])
  })

  it('leaves later commits to another run, whatever stands behind them', async () => {
    const store = new InMemoryEventStore(LOG_ID)
    const { committedAt } = history.changes[19] as { committedAt: string }
    await importInto(store, folder, { until: committedAt })
    expect(await store.readStream('change-CHG0000020')).not.toHaveLength(0)
    expect(await store.readStream('change-CHG0000021')).toHaveLength(0)
    await importInto(store, folder)
    expect(await storyOf(store)).toEqual(await atOnce(history))
  })

  it('rejects a commit whose number another change has, and what belongs to it; the others go on', async () => {
    const store = new InMemoryEventStore(LOG_ID)
    const other = { ...shorter(history, 1), ciEvents: [], membershipEvents: [] }
    await importInto(store, folderOf(other))
    const retold = shorter(history, 3)
    retold.changes = retold.changes.map((row, index) => (index === 0 ? { ...row, subject: 'Retold' } : row))
    const { rejections, rejected } = await importInto(store, folderOf(retold))
    const ofFirst = [...retold.ciEvents, ...retold.membershipEvents] as { change: number }[]
    expect(rejections[0]).toMatchObject({ file: 'changes.jsonl', row: 1 })
    expect(rejections[1]).toMatchObject({ reason: 'belongs to commit 1, which was rejected' })
    expect(rejected).toBe(1 + ofFirst.filter(({ change }) => change === 1).length)
    expect(await store.readStream('change-CHG0000003')).not.toHaveLength(0)
  })

  it('refuses a mapping with types of relations that there are not, before anything is written', async () => {
    const store = new InMemoryEventStore(LOG_ID)
    const mapping = { ...MAPPING, references: MAPPING.references.map((one) => ({ ...one, type: 'sits-on' })) }
    await expect(importInto(store, folder, { mapping })).rejects.toMatchObject({
      code: 'IMPORT.RELATION_TYPE_UNKNOWN',
      message: expect.stringContaining('sits-on'),
    })
    expect(await allEvents(store)).toEqual([])
  })

  it('refuses a folder in which a file is missing, by name', async () => {
    const empty = mkdtempSync(join(home, 'empty-'))
    writeFileSync(join(empty, 'ci-events.jsonl'), '')
    await expect(importInto(new InMemoryEventStore(LOG_ID), empty)).rejects.toMatchObject({
      code: 'IMPORT.FILE_UNREADABLE',
      message: expect.stringContaining('membership-events.jsonl'),
    })
  })
})

async function atOnce(history: EstateHistory): Promise<unknown[]> {
  const store = new InMemoryEventStore(LOG_ID)
  await importInto(store, folderOf(history))
  return storyOf(store)
}

describe('the law of a history’s import', () => {
  const histories = fc.record({ seed: fc.nat(1_000_000), commits: fc.integer({ min: 3, max: 45 }) })

  it('a longer history continues a shorter one', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(), async (made, cut) => {
        const history = estateHistory(made)
        const store = new InMemoryEventStore(LOG_ID)
        await importInto(store, folderOf(shorter(history, cut % made.commits)))
        await importInto(store, folderOf(history), { actor: { id: 'berta' } })
        expect(await storyOf(store)).toEqual(await atOnce(history))
      }),
      { numRuns: 15 },
    )
  })

  it('killed before any append, it goes on where it was, in the same order', async () => {
    await fc.assert(
      fc.asyncProperty(histories, fc.nat(), async (made, die) => {
        const history = estateHistory(made)
        const whole = await atOnce(history)
        const store = new DyingStore(LOG_ID)
        const folder = folderOf(history)
        store.appendsLeft = 2 + (die % whole.length)
        await importInto(store, folder).catch((error: Error) => expect(error.message).toBe('killed'))
        store.appendsLeft = Number.POSITIVE_INFINITY
        await importInto(store, folder)
        expect(await storyOf(store)).toEqual(whole)
        expect(await importInto(store, folder)).toMatchObject({ applied: 0, events: 0 })
      }),
      { numRuns: 15 },
    )
  })
})
