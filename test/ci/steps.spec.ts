import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const ROOT = resolve(__dirname, '../..')

/**
 * Stands in for `npx jest FILE...`: each file has one test, which fails as often as the file's name says (`fails-2`), or does not
 * end (`hangs`). Notes its arguments and what it sees of `SHAPE`.
 */
const JEST = `#!/usr/bin/env node
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs')
const args = process.argv.slice(3)
const notes = process.env.NOTES
appendFileSync(notes, [process.env.SHAPE, ...args.filter((arg) => !arg.startsWith('--outputFile'))].join(' ') + '\\n')
if (args.includes('hangs')) setTimeout(() => {}, 60_000)
const testResults = args.filter((arg) => !arg.startsWith('-')).map((name) => {
  const file = name.split('/').at(-1)
  const runs = readFileSync(notes, 'utf8').split('\\n').filter((line) => line.includes(file)).length
  const status = runs > Number(file.split('-')[1] ?? 0) ? 'passed' : 'failed'
  return { name: require('node:path').resolve(name), status, assertionResults: [{ fullName: 'test', status }] }
})
const output = args.find((arg) => arg.startsWith('--outputFile=')).slice('--outputFile='.length)
if (!args.includes('hangs')) {
  writeFileSync(output, JSON.stringify({ testResults }))
  process.exit(testResults.some(({ status }) => status === 'failed') ? 1 : 0)
}
`

describe('The steps of a run', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-test-'))
    writeFileSync(join(folder, 'npx'), JEST)
    chmodSync(join(folder, 'npx'), 0o755)
    writeFileSync(join(folder, 'notes'), '')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  function run(script: string) {
    const env = { PATH: `${folder}:${process.env.PATH}`, NOTES: join(folder, 'notes'), TMPDIR: folder }
    const { status, stdout } = spawnSync(
      'bash',
      ['-uo', 'pipefail', '-c', `. .ci/steps.sh; ${script}; total`],
      {
        cwd: ROOT,
        env,
        encoding: 'utf8',
      },
    )
    return {
      status,
      lines: stdout.trim().split('\n'),
      notes: readFileSync(env.NOTES, 'utf8').trim().split('\n'),
    }
  }

  it('are counted with the tests', () => {
    const { status, lines } = run('step fine true; tests units a b')
    expect([status, lines.at(-1)]).toEqual([0, '3 passed, 0 failed'])
  })

  it('fail the run, each by itself, and do not stop it', () => {
    const { status, lines } = run('step wrong false; tests units a-2 b; step fine true')
    expect([status, lines.at(-1)]).toEqual([1, '2 passed, 2 failed'])
    expect(lines).toContain('failed: a-2: test')
  })

  it('begun side by side are counted, and run again after all of them, each in its own environment', () => {
    const { status, lines, notes } = run(
      'SHAPE=one begin first a-1 & SHAPE=two begin second b-1 c; wait; settle first; settle second',
    )
    expect([status, lines.at(-1)]).toEqual([0, '3 passed, 0 failed'])
    expect(lines).toEqual(
      expect.arrayContaining([
        'unsteady, passed by itself: a-1: test',
        'unsteady, passed by itself: b-1: test',
      ]),
    )
    expect(notes.slice(0, 2).sort()).toEqual(['one a-1 --json --forceExit', 'two b-1 c --json --forceExit'])
    expect(notes.slice(2)).toEqual([
      `one --maxWorkers=1 --json --runTestsByPath ${ROOT}/a-1 --forceExit`,
      `two --maxWorkers=1 --json --runTestsByPath ${ROOT}/b-1 --forceExit`,
    ])
  })

  it('are ended when they hang, and fail the run', () => {
    const { status, lines } = run('export CI_LANE_MINUTES=0.02; tests endless hangs; tests units a')
    expect([status, lines.at(-1)]).toEqual([1, '1 passed, 1 failed'])
  })

  it('fail the run when tests did not even begin', () => {
    const { status, lines } = run('settle never')
    expect([status, lines.at(-1)]).toEqual([1, '0 passed, 1 failed'])
  })
})
