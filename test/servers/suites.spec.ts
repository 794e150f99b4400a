import { readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordSuite } from '../../libs/testing/suite-record.js'
import { ADAPTERS, type JestReport, skippedSuites, suiteRuns, untested } from './suites.js'

const report = (name: string, ...tests: [suite: string, test: string, status: string][]): JestReport => ({
  testResults: [
    {
      name,
      assertionResults: tests.map(([suite, test, status]) => ({
        fullName: `${suite} ${test}`,
        ancestorTitles: [suite],
        status,
      })),
    },
  ],
})
const record = (adapter: string, suite = 'A store') => ({ suite, file: '/a.spec.ts', adapter, server: 'X 1' })

describe('The table of suites and servers', () => {
  const records = join(tmpdir(), `suite-records-${process.pid}`)
  describe('A suite', () => {
    class Store {}
    const before = process.env.SUITE_RECORDS
    process.env.SUITE_RECORDS = records
    recordSuite('A suite', () => ({ adapter: new Store(), server: 'X 1' }))
    if (before === undefined) delete process.env.SUITE_RECORDS
    else process.env.SUITE_RECORDS = before
    afterAll(() => rmSync(records))

    const recorded = {
      suite: 'The table of suites and servers A suite',
      file: expect.stringMatching(/suites\.spec\.ts$/),
      adapter: 'Store',
      server: 'X 1',
    }
    it.each(['first', 'second'])('is recorded with its class and server, once (%s test)', () => {
      const lines = readFileSync(records, 'utf8').trim().split('\n')
      expect(lines.map((line) => JSON.parse(line))).toEqual([recorded])
    })
  })

  it('counts the tests of each suite, and of no other', () => {
    const reports = [
      report(
        '/a.spec.ts',
        ['A store', 'keeps', 'passed'],
        ['A store', 'finds', 'failed'],
        ['More', 'x', 'passed'],
      ),
      report('/b.spec.ts', ['A store', 'keeps', 'passed']),
    ]
    expect(suiteRuns([record('FolderBlobStore')], reports)).toEqual([
      { ...record('FolderBlobStore'), passed: 1, failed: 1 },
    ])
  })

  it('names suites of which nothing ran', () => {
    const reports = [
      report('/a.spec.ts', ['Here', 'x', 'passed'], ['Here', 'y', 'pending'], ['Away', 'x', 'pending']),
    ]
    expect(skippedSuites(reports)).toEqual(['Away'])
  })

  it('misses no adapter when all were tested, and each that was not, or only failed', () => {
    const reports = [report('/a.spec.ts', ['A store', 'keeps', 'passed'], ['Bad store', 'keeps', 'failed'])]
    const all = ADAPTERS.map((adapter) => record(adapter))
    expect(untested(suiteRuns(all, reports))).toEqual([])
    expect(untested(suiteRuns(all.slice(1), reports))).toEqual([ADAPTERS[0]])
    expect(untested(suiteRuns([...all.slice(1), record(ADAPTERS[0], 'Bad store')], reports))).toEqual([
      ADAPTERS[0],
    ])
  })
})
