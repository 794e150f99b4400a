import { readFileSync } from 'node:fs'
import type { SuiteRecord } from '../../libs/testing/suite-record.js'
import { print, printTable } from '../../src/cli/output.js'
import { type JestReport, skippedSuites, suiteRuns, untested } from './suites.js'

/**
 * A program: prints which suite ran on which adapter and server, and fails when an adapter was not tested.
 * Arguments: the file of `SUITE_RECORDS`, then jest's JSON reports.
 */
const [recordsFile = '', ...reportFiles] = process.argv.slice(2)
const reports = reportFiles.map((file) => JSON.parse(readFileSync(file, 'utf8')) as JestReport)
const records = readFileSync(recordsFile, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as SuiteRecord)
const runs = suiteRuns(records, reports)

printTable(
  ['suite', 'adapter', 'server', 'passed', 'failed'],
  runs.map(({ suite, adapter, server, passed, failed }) => [
    suite,
    adapter,
    server,
    `${passed}`,
    `${failed}`,
  ]),
)
for (const suite of skippedSuites(reports)) print(`skipped: ${suite}`)

const missing = untested(runs)
if (missing.length > 0) {
  print(`not tested: ${missing.join(', ')}`)
  process.exitCode = 1
}
