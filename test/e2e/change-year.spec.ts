import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { strFromU8, unzipSync } from 'fflate'
import type { Kept } from '../../src/cli/change-year/demo-year.js'

const CLI = join(__dirname, '../../dist/src/cli.js')
/** At least one of each kind. */
const CHANGES = 40
/** Of the estate that it is made up on. */
const COMMITS = 120
const DAY_MS = 86_400_000

interface Health {
  orphan: Items
  duplicate: { items: { by: string[]; items: { number: string }[] }[] }
  incomplete: Items
  unresolved: { items: { name: string }[] }
  stale?: Items
}
interface Items {
  count: number
  items: { number: string }[]
}

/** What a year of changes must show, read through the API of the server that shows it. */
describe('demo --scenario change-year', () => {
  let folder: string
  let demo: ChildProcess
  let url: string
  let kept: Kept

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-year-'))
    const data = join(folder, 'year')
    const env = { ...process.env, LEDGERDESK_PORT: '0' }
    const options = ['--scenario', 'change-year', '--changes', `${CHANGES}`, '--data', data]
    demo = spawn(process.execPath, [CLI, 'demo', ...options], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    let printed = ''
    url = await new Promise<string>((resolve, reject) => {
      demo.once('exit', (code) => reject(new Error(`It ended with ${code}: ${printed}`)))
      demo.stdout!.on('data', (chunk) => {
        printed += chunk
        const shown = /^U=(.*)$/m.exec(printed)?.[1]
        if (shown !== undefined) resolve(shown)
      })
    })
    kept = JSON.parse(readFileSync(join(data, 'change-year.json'), 'utf8'))
  })
  afterAll(async () => {
    const exited = once(demo, 'exit')
    demo.kill('SIGTERM')
    await exited
    rmSync(folder, { recursive: true, force: true })
  })

  async function read(token: 'auditor' | 'changeManager', path: string, query: object = {}): Promise<string> {
    const given = path === '/audit/samples' ? query : { minPosition: kept.position, ...query }
    const asked = new URLSearchParams(given as Record<string, string>)
    const headers = { authorization: `Bearer ${kept[token]}` }
    const response = await fetch(`${url}${path}?${asked}`, { headers })
    const text = await response.text()
    expect([path, response.status, response.ok ? '' : text]).toEqual([path, 200, ''])
    return text
  }
  const readJson = async (...asked: Parameters<typeof read>) => JSON.parse(await read(...asked))

  it('finds what was planted, and tells how many commits can’t be assessed', async () => {
    const { from, to, findings } = kept.planned
    const { items, notAssessable } = await readJson('auditor', '/audit/findings', {
      from,
      to,
      pageSize: 1000,
    })
    const told = (rows: typeof findings) =>
      rows.map(({ question, record, standing }) => `${question} ${record} ${standing}`).sort()
    expect(told(items)).toEqual(told(findings))
    // They are older than the year
    expect(notAssessable).toBe(0)
    const ever = await readJson('auditor', '/audit/findings', { pageSize: 1 })
    expect(ever.notAssessable).toBe(COMMITS)
  })

  it('extracts the same, with the digest of what follows, and the commits of each time', async () => {
    const { from, to, findings } = kept.planned
    const extract = async (query: object) => (await read('auditor', '/audit/changes', query)).split('\n')
    const year = await extract({ from, to })
    const head = year.findIndex((line) => !line.startsWith('# '))
    const digest = createHash('sha256').update(year.slice(head).join('\n')).digest('hex')
    expect(year[head - 1]).toBe(`# SHA-256 of all lines below: ${digest}`)
    expect(year).toContain(`# rows: ${findings.length}`)
    const commitsOf = async (query: object) => {
      const line = (await extract(query)).find((one) => one.startsWith('# not assessable: '))
      return Number(/\d+/.exec(line ?? '')?.[0])
    }
    expect(await commitsOf({ from, to })).toBe(0)
    expect(await commitsOf({})).toBe(COMMITS)
    const filter = 'type = "configuration-commit"'
    const commits = await readJson('changeManager', '/changes', { filter, pageSize: 1000 })
    const times: string[] = commits.items.map(({ closedAt }: { closedAt: string }) => closedAt).sort()
    const middle = times[COMMITS / 2]!
    const before = times.filter((time) => time < middle).length
    expect(before).toBeGreaterThan(0)
    expect(await commitsOf({ to: middle })).toBe(before)
    expect(await commitsOf({ from: middle })).toBe(COMMITS - before)
    const sample = await readJson('auditor', '/audit/samples', { from: middle, seed: 's' })
    expect(sample.notAssessable).toBe(COMMITS - before)
    // As it was before anything was imported
    expect(await commitsOf({ asOf: '2020-01-01T00:00:00Z' })).toBe(0)
  })

  it('says in the evidence of a commit, and of a change that a source began, what nobody has told', async () => {
    const pageOf = async (number: string): Promise<string> => {
      const headers = { authorization: `Bearer ${kept.auditor}` }
      const response = await fetch(`${url}/audit/changes/${number}/evidence.zip`, { headers })
      expect(response.status).toBe(200)
      return strFromU8(unzipSync(new Uint8Array(await response.arrayBuffer()))['evidence.html']!)
    }
    const commit = await pageOf('CHG0000001')
    expect(commit).toContain('Not assessable')
    expect(commit).not.toMatch(/was not implemented|No item was changed/)
    const { items } = await readJson('changeManager', '/changes', {
      filter: 'state = "Implement"',
      pageSize: 1000,
    })
    const begun = items.find(({ title }: { title: string }) => title.startsWith('Elsewhere'))
    const page = await pageOf(begun.number)
    expect(page).toContain('not by whom it was done')
    expect(page).not.toContain('It was not implemented')
  })

  it('has the health that was planted, beside that of the estate it is made up on', async () => {
    const { health } = kept.planned
    const asked = { pageSize: '1000' }
    const now: Health = await readJson('changeManager', '/configuration/health', asked)
    const estate = await readJson('changeManager', '/configuration/health', {
      ...asked,
      asOf: `change:CHG${String(COMMITS).padStart(7, '0')}`,
    })
    const came = <Finding>(kind: 'orphan' | 'duplicate' | 'incomplete' | 'unresolved'): Finding[] => {
      const before = new Set(estate[kind].items.map((item: object) => JSON.stringify(item)))
      const after = now[kind].items.map((item) => JSON.stringify(item))
      expect(after).toEqual(expect.arrayContaining([...before]))
      return after.filter((item) => !before.has(item)).map((item) => JSON.parse(item))
    }
    const numbers = (items: readonly { number: string }[]) => items.map(({ number }) => number).sort()
    expect(numbers(came('orphan'))).toEqual([...health.orphan].sort())
    expect(numbers(came('incomplete'))).toEqual([...health.incomplete].sort())
    expect(came<{ items: { number: string }[] }>('duplicate').map(({ items }) => numbers(items))).toEqual(
      health.duplicate.map((group) => [...group].sort()),
    )
    expect(came<{ name: string }>('unresolved').map(({ name }) => name)).toEqual(health.unresolved)
    // What a source of the estate saw was years before
    const stale = async (since: number): Promise<Items> => {
      const staleAfterDays = `${Math.floor((Date.now() - since) / DAY_MS)}`
      return (await readJson('changeManager', '/configuration/health', { ...asked, staleAfterDays })).stale
    }
    const known = new Set(numbers((await stale(Date.parse(kept.planned.from) - 30 * DAY_MS)).items))
    const lost = (await stale((Date.parse(kept.planned.from) + Date.parse(kept.planned.to)) / 2)).items
    expect(numbers(lost).filter((number) => !known.has(number))).toEqual([...health.stale].sort())
  })

  it('believes one of two sources that do not agree', async () => {
    for (const { ci, attribute, holds } of kept.planned.disputed) {
      const item = await readJson('changeManager', `/configuration-items/${ci}`)
      expect(item.attributes[attribute]).toBe(holds)
    }
    expect(kept.planned.disputed.length).toBeGreaterThan(0)
  })

  it('has the risks, the words of the board, the outcomes and the ways that were planned', async () => {
    const { risks, advice, outcomes, reverts, rejected, voided } = kept.planned
    const numbersOf = async (filter: string): Promise<string[]> => {
      const { items } = await readJson('changeManager', '/changes', { filter, pageSize: 1000 })
      return items.map(({ number }: { number: string }) => number).sort()
    }
    const counted = async (column: string, planned: object, more = '') => {
      const counts = Object.keys(planned).map(async (value) => {
        const { length } = await numbersOf(`${column} = "${value}"${more}`)
        return [value, length] as const
      })
      expect(Object.fromEntries(await Promise.all(counts))).toEqual(planned)
    }
    await counted('risk', risks, ' AND type = "normal"')
    await counted('cabAdvice', advice)
    await counted('outcome', outcomes)
    expect(await numbersOf('approvalStatus = "rejected"')).toEqual([...rejected].sort())
    expect(await numbersOf('voidCount > 0')).toEqual([...voided].sort())
    expect(
      (
        await Promise.all(reverts.map((number) => numbersOf(`number = "${number}" AND reverts != null`)))
      ).flat(),
    ).toEqual(reverts)
  })
})
