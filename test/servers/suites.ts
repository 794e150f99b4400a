import type { SuiteRecord } from '../../libs/testing/suite-record.js'

/** What of jest's JSON report is used. */
export interface JestReport {
  testResults: readonly {
    name: string
    assertionResults: readonly { fullName: string; ancestorTitles: readonly string[]; status: string }[]
  }[]
}

/** A suite as it ran. */
export interface SuiteRun extends SuiteRecord {
  passed: number
  failed: number
}

/** Adapters that a whole run tests, each on a real server or, for EventStoreDB, on the double. */
export const ADAPTERS = [
  'SqliteEventStore',
  'EventStoreDbEventStore',
  'SqliteReadStore',
  'MongodbReadStore',
  'FolderBlobStore',
  'GridfsBlobStore',
  'KafkaEventPublisher',
] as const

/** What the records say ran, with the counts from jest's reports. */
export function suiteRuns(records: readonly SuiteRecord[], reports: readonly JestReport[]): SuiteRun[] {
  return records.map((record) => {
    const tests = reports
      .flatMap(({ testResults }) => testResults)
      .filter(({ name }) => name === record.file)
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ fullName }) => fullName.startsWith(record.suite))
    const count = (status: string) => tests.filter((test) => test.status === status).length
    return { ...record, passed: count('passed'), failed: count('failed') }
  })
}

/** Names of the suites of which every test was skipped. */
export function skippedSuites(reports: readonly JestReport[]): string[] {
  const suites = new Map<string, boolean>()
  for (const { assertionResults } of reports.flatMap(({ testResults }) => testResults))
    for (const { ancestorTitles, status } of assertionResults) {
      const [suite = ''] = ancestorTitles
      suites.set(suite, (suites.get(suite) ?? true) && status === 'pending')
    }
  return [...suites].filter(([, skipped]) => skipped).map(([suite]) => suite)
}

/** Adapters of which no test passed. */
export function untested(runs: readonly SuiteRun[]): string[] {
  return ADAPTERS.filter((name) => !runs.some(({ adapter, passed }) => adapter === name && passed > 0))
}
