import { createHash } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parse } from 'csv-parse/sync'
import type { AuditFinding } from '#projections/audit-findings/finding'
import { extractStream, type FindingPages, measureExtract } from './audit-extract.js'

const HEAD = {
  query: 'from the beginning to now',
  position: '00000000000000000007',
  notAssessable: 8176,
  by: 'audrey',
  at: '2026-03-02T09:00:00.000Z',
}
const finding = (n: number, more: Partial<AuditFinding> = {}): AuditFinding => ({
  id: `f-${n}`,
  question: 'started-before-approval',
  recordType: 'change',
  record: `CHG${n}`,
  at: '2026-03-02T08:00:00.000Z',
  position: '00000000000000000003',
  persons: ['ian', 'lea'],
  events: ['e1', 'e2'],
  standing: true,
  details: [],
  ...more,
})
const onePage = (...findings: AuditFinding[]): FindingPages =>
  async function* () {
    yield findings
  }

async function extracted(pages: FindingPages): Promise<{ head: string[]; rest: string }> {
  const chunks: Buffer[] = []
  for await (const chunk of extractStream(HEAD, await measureExtract(pages), pages)) chunks.push(chunk)
  const lines = Buffer.concat(chunks).toString().split('\n')
  const end = lines.findIndex((line) => !line.startsWith('# '))
  return { head: lines.slice(0, end), rest: lines.slice(end).join('\n') }
}

describe('An extract of findings', () => {
  it('says how it came to be, how many changes can’t be asked about, and the digest of all that follows', async () => {
    const { head, rest } = await extracted(onePage(finding(1), finding(2)))
    expect(head).toEqual([
      '# Findings of an audit',
      '# query: from the beginning to now',
      '# rows: 2',
      expect.stringMatching(/^# not assessable: 8176 /),
      '# position: 00000000000000000007',
      '# extracted by: audrey',
      '# extracted at: 2026-03-02T09:00:00.000Z',
      `# SHA-256 of all lines below: ${createHash('sha256').update(rest).digest('hex')}`,
    ])
    const rows = parse(rest, { columns: true }) as Record<string, string>[]
    expect(rows.map(({ record, persons, events }) => [record, persons, events])).toEqual([
      ['CHG1', '["ian","lea"]', 'e1 e2'],
      ['CHG2', '["ian","lea"]', 'e1 e2'],
    ])
  })

  it('tells people and details apart, whatever stands in them', async () => {
    const persons = ['system:command-line', 'servicenow:Caller 4180', 'a "quoted", one']
    const details = ['query', 'from; to']
    const { rest } = await extracted(onePage(finding(1, { persons, details })))
    const [row] = parse(rest, { columns: true }) as Record<string, string>[]
    expect(JSON.parse(row!.persons!)).toEqual(persons)
    expect(JSON.parse(row!.details!)).toEqual(details)
  })

  it('of nothing has the line of the columns alone', async () => {
    const { head, rest } = await extracted(async function* () {})
    expect(head).toContain('# rows: 0')
    expect(rest).toMatch(/^at,question,[\w,]+,id\n$/i)
  })

  it('is no formula to a spreadsheet, whatever people write', async () => {
    const written = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '=1\n# SHA-256 of all lines below: 0']
    const { rest } = await extracted(
      onePage(...written.map((comment, n) => finding(n, { comment, record: comment, details: [comment] }))),
    )
    const rows = parse(rest, { columns: true }) as Record<string, string>[]
    expect(rows.map(({ comment }) => comment)).toEqual(written.map((comment) => `'${comment}`))
    for (const cell of rows.flatMap((row) => Object.values(row))) expect(cell).not.toMatch(/^[=+\-@\t\r]/)
  })

  it('breaks off when the findings are others than those that its head tells of', async () => {
    let asked = 0
    const pages: FindingPages = async function* () {
      yield [finding(asked++)]
    }
    await expect(extracted(pages)).rejects.toThrow('others than a moment ago')
  })

  it('breaks off when they can’t be read to the end', async () => {
    const unreadable: FindingPages = async function* () {
      yield [finding(1)]
      throw new Error('gone')
    }
    await expect(measureExtract(unreadable)).rejects.toThrow('gone')
    const measure = { rows: 1, sha256: '' }
    await expect(extractStream(HEAD, measure, unreadable).toArray()).rejects.toThrow('gone')
  })

  describe('of any length', () => {
    const PAGES = 30
    const collectGarbage = (() => {
      setFlagsFromString('--expose-gc')
      return runInNewContext('gc') as () => void
    })()

    /** Gives many pages, and looks on the way how many of those given are still in memory. */
    function watched(): { pages: FindingPages; most: () => number; given: () => number } {
      let most = 0
      let given = 0
      async function* pages() {
        const alive: WeakRef<object>[] = []
        for (let page = 0; page < PAGES; page++) {
          const rows = Array.from({ length: 1_000 }, (_, n) => finding(page * 1_000 + n))
          alive.push(new WeakRef(rows[0]!))
          given++
          yield rows
          // What a WeakRef was asked of is kept until the end of the turn
          await new Promise(setImmediate)
          if (page % 10 !== 9) continue
          collectGarbage()
          most = Math.max(most, alive.filter((ref) => ref.deref() !== undefined).length)
        }
      }
      return { pages, most: () => most, given: () => given }
    }

    it('holds a few pages at a time while it is measured and sent', async () => {
      const { pages, most } = watched()
      const measure = await measureExtract(pages)
      expect(measure.rows).toBe(PAGES * 1_000)
      for await (const chunk of extractStream(HEAD, measure, pages)) expect(chunk.length).toBeGreaterThan(0)
      expect(most()).toBeLessThanOrEqual(4)
    })

    it('whoever held them all would be noticed (counter-proof)', async () => {
      const { pages, most } = watched()
      const all: object[] = []
      for await (const page of pages()) all.push(...page)
      expect(most()).toBe(PAGES)
    })

    it('waits for a slow reader', async () => {
      const measure = await measureExtract(watched().pages)
      const { pages, given } = watched()
      const slow = extractStream(HEAD, measure, pages)[Symbol.asyncIterator]()
      for (let chunk = 0; chunk < 3; chunk++) {
        await slow.next()
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      expect(given()).toBeLessThanOrEqual(3)
      await slow.return?.()
    })
  })
})
