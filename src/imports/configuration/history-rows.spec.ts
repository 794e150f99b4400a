import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { parseHistoryMapping } from './history-mapping.js'
import { type HistoryStep, historySteps } from './history-rows.js'
import { openJsonLines } from './json-lines.js'

const MAPPING = parseHistoryMapping(
  readFileSync(join(__dirname, '../mappings/ansible-inventory-history.yaml'), 'utf8'),
)

const commit = (n: number, rest: object = {}) => ({
  n,
  commit: `c${n}`,
  committedAt: '2012-10-08T21:35:54+02:00',
  actor: 'admin-001',
  subject: `commit ${n}`,
  ticketRefs: ['#12'],
  ...rest,
})

describe('the rows of a configuration’s history', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-history-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  async function steps(commits: unknown[], items: unknown[], memberships: unknown[]): Promise<HistoryStep[]> {
    const write = (name: string, rows: unknown[], compress: boolean) => {
      const text = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row))).join('\n')
      const path = join(folder, name)
      writeFileSync(path, compress ? gzipSync(text) : text)
      return openJsonLines(path)
    }
    const files = {
      commits: await write('changes.jsonl', commits, true),
      others: new Map([
        ['ci-events.jsonl', await write('ci-events.jsonl', items, false)],
        ['membership-events.jsonl', await write('membership-events.jsonl', memberships, true)],
      ]),
    }
    const found: HistoryStep[] = []
    for await (const step of historySteps(MAPPING, files)) found.push(step)
    return found
  }

  const told = (step: HistoryStep) => {
    if (step.kind === 'rejected') return `rejected ${step.file}:${step.row} ${step.reason}`
    if (step.kind !== 'observation') return `${step.kind} ${step.commit.key}`
    const { observation } = step
    return observation.kind === 'item'
      ? `${observation.operation} ${observation.class} ${observation.name}`
      : `${observation.operation} ${observation.source.name} ${observation.target.name}`
  }

  it('come in one order over all files, each commit around what it did', async () => {
    const found = await steps(
      [commit(1), commit(2), commit(3)],
      [
        { seq: 1, change: 1, op: 'create', kind: 'host', ci: 'db1', set: { mem_size: [null, '8'] } },
        { seq: 4, change: 3, op: 'rename', kind: 'host', ci: 'db2', from: 'db1', set: {} },
      ],
      [
        { seq: 2, change: 1, op: 'add', group: 'dbs', memberKind: 'host', member: 'db1' },
        { seq: 3, change: 3, op: 'remove', group: 'dbs', memberKind: 'host', member: 'db1' },
      ],
    )
    expect(found.map(told)).toEqual([
      'begin 1',
      'register ansible-host db1',
      'relate db1 dbs',
      'end 1',
      'begin 2',
      'end 2',
      'begin 3',
      'unrelate db1 dbs',
      'rename ansible-host db2',
      'end 3',
    ])
    expect(found[0]).toMatchObject({
      commit: { externalId: 'c1', occurredAt: '2012-10-08T19:35:54.000Z', references: ['#12'] },
    })
    expect(found[1]).toMatchObject({
      observation: { changes: { mem_size: { before: null, after: '8' } }, others: {} },
    })
    expect(found[8]).toMatchObject({ observation: { previousName: 'db1' } })
  })

  it('keep the columns that the mapping does not speak of', async () => {
    const [begin] = await steps([commit(1, { authoredAt: 'long ago' })], [], [])
    expect(begin).toMatchObject({ commit: { others: { authoredAt: 'long ago' } } })
  })

  it('reject what cannot be understood, and go on', async () => {
    const row = { change: 2, op: 'touch', kind: 'host', ci: 'db1', set: {} }
    const found = await steps(
      [commit(1, { committedAt: '2012-10-08 19:35' }), commit(2)],
      [
        'no json',
        '[]',
        { ...row, seq: 1, op: 'explode' },
        { ...row, seq: 2, change: 1 },
        { ...row, seq: 3, set: { mem_size: '8' } },
        { ...row, seq: 4, op: 'rename' },
        { ...row, seq: 5 },
        { ...row, seq: 6, change: 9 },
      ],
      [],
    )
    expect(found.map(told)).toEqual([
      'rejected changes.jsonl:1 has no ISO 8601 time with a zone in "committedAt"',
      'begin 2',
      expect.stringMatching(/^rejected ci-events.jsonl:1 is no JSON/),
      'rejected ci-events.jsonl:2 is no JSON object',
      'rejected ci-events.jsonl:3 says "explode" in "op", which the mapping does not know',
      expect.stringMatching(/^rejected ci-events.jsonl:4 belongs to commit 1/),
      'rejected ci-events.jsonl:5 has no [before, after] for "mem_size" in "set"',
      'rejected ci-events.jsonl:6 has no text in "from"',
      'observe ansible-host db1',
      'end 2',
      expect.stringMatching(/^rejected ci-events.jsonl:8 belongs to commit 9/),
    ])
  })

  it('have a hash that tells nothing of the order of columns', async () => {
    const [a] = await steps([commit(1)], [], [])
    const { n, ...rest } = commit(1)
    const [b] = await steps([{ ...rest, n }], [], [])
    const hash = (step: HistoryStep | undefined) => step?.kind === 'begin' && step.commit.hash
    expect(hash(a)).toBe(hash(b))
    expect(hash((await steps([commit(2)], [], []))[0])).not.toBe(hash(a))
  })

  it('end where a file is damaged, which is told', async () => {
    const path = join(folder, 'damaged.jsonl.gz')
    writeFileSync(path, gzipSync('{"n":1}\n').subarray(0, 20))
    const lines = await openJsonLines(path)
    const all = async () => {
      for await (const _ of lines.rows());
    }
    await expect(all()).rejects.toMatchObject({ code: 'IMPORT.FILE_UNREADABLE' })
  })
})
