import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const OUTCOME = resolve(__dirname, '../../.ci/outcome.mjs')

/** What jest's `--json` tells of one file, by test. */
type File = Record<string, 'passed' | 'failed' | 'pending'>

describe('What counts of two runs', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-test-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  function outcome(first: Record<string, File> | undefined, again?: Record<string, File>) {
    const paths = [first, again].map((files, run) => {
      const path = join(folder, `${run}.json`)
      if (files) writeFileSync(path, JSON.stringify({ testResults: Object.entries(files).map(told) }))
      return path
    })
    const { status, stdout, stderr } = spawnSync(process.execPath, [OUTCOME, ...paths], { encoding: 'utf8' })
    return { status, counts: stdout.trim(), told: stderr.trim() }
  }
  function told([name, tests]: [string, File]) {
    const states = Object.entries(tests)
    return {
      name: resolve(name),
      status: states.length === 0 || states.some(([, status]) => status === 'failed') ? 'failed' : 'passed',
      assertionResults: states.map(([fullName, status]) => ({ fullName, status })),
    }
  }

  it('is one run when nothing failed', () => {
    expect(outcome({ 'a.spec.ts': { one: 'passed', two: 'pending' } })).toEqual({
      status: 0,
      counts: '1 0',
      told: '',
    })
  })

  it('is a failure when a test fails twice, and names it', () => {
    const files: Record<string, File> = {
      'a.spec.ts': { one: 'passed', two: 'failed' },
      'b.spec.ts': { three: 'passed' },
    }
    expect(outcome(files, { 'a.spec.ts': files['a.spec.ts']! })).toEqual({
      status: 0,
      counts: '2 1',
      told: 'failed: a.spec.ts: two',
    })
  })

  it('names what failed once', () => {
    const again: Record<string, File> = { 'a.spec.ts': { one: 'passed', two: 'passed' } }
    expect(outcome({ 'a.spec.ts': { one: 'passed', two: 'failed' } }, again)).toEqual({
      status: 0,
      counts: '2 0',
      told: 'unsteady, passed by itself: a.spec.ts: two',
    })
  })

  it('is a failure of what failed in the second run only, of a file that did not run, and of no second run', () => {
    const first: Record<string, File> = { 'a.spec.ts': { one: 'passed', two: 'failed' }, 'b.spec.ts': {} }
    expect(outcome(first).counts).toBe('1 2')
    expect(outcome(first, { 'a.spec.ts': { one: 'failed', two: 'passed' }, 'b.spec.ts': {} })).toEqual({
      status: 0,
      counts: '1 2',
      told: [
        'failed: a.spec.ts: one',
        'unsteady, passed by itself: a.spec.ts: two',
        'failed: b.spec.ts: the whole file',
      ].join('\n'),
    })
  })

  it('is nothing to count without a first run', () => {
    expect(outcome(undefined, { 'a.spec.ts': { one: 'passed' } }).status).toBe(1)
  })
})
