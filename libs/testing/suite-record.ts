import { appendFileSync } from 'node:fs'

/** What a suite ran on, as it stands in the file of `SUITE_RECORDS`, one JSON object a line. */
export interface SuiteRecord {
  /** Beginning of the full names of its tests. */
  suite: string
  file: string
  /** Class that was tested. */
  adapter: string
  /** What it talked to, with the version. */
  server: string
}

interface SuiteSubject {
  /** What was tested; its class is recorded. */
  adapter: object
  server: string
}

/**
 * To be called in a suite's `describe`, after the hooks that set it up: remembers what the suite ran on, so that a run can
 * tell at its end which adapter was tested on which server. Does nothing where `SUITE_RECORDS` names no file.
 * @param title of that `describe`
 */
export function recordSuite(title: string, subject: () => SuiteSubject | Promise<SuiteSubject>): void {
  const file = process.env.SUITE_RECORDS
  if (!file) return
  let recorded = false
  beforeEach(async () => {
    if (recorded) return
    recorded = true
    const { currentTestName = '', testPath = '' } = expect.getState()
    const suite = currentTestName.slice(0, currentTestName.indexOf(title) + title.length)
    const { adapter, server } = await subject()
    const record: SuiteRecord = { suite, file: testPath, adapter: adapter.constructor.name, server }
    appendFileSync(file, `${JSON.stringify(record)}\n`)
  })
}
