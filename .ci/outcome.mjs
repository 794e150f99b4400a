// Counts what jest has told of a run, and of the second run of the files that failed in it: `node outcome.mjs first.json again.json`.
// Prints `<passed> <failed>`, and on the error channel each test that failed, or failed once only ("unsteady": it needs a look,
// as what it waits for does not come in time on a busy machine, or something is wrong now and then).
// `node outcome.mjs failed first.json` prints the files in which something failed, a line each.
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'

if (process.argv[2] === 'failed') {
  for (const [file, { status }] of resultsOf(process.argv[3]))
    if (status === 'failed') process.stdout.write(`${file}\n`)
  process.exit()
}
const [firstPath, againPath] = process.argv.slice(2)
const first = resultsOf(firstPath)
const again = existsSync(againPath) ? resultsOf(againPath) : new Map()
let passed = 0
let failed = 0
for (const [file, result] of first) {
  const last = again.get(file) ?? result
  passed += last.assertionResults.filter(({ status }) => status === 'passed').length
  const now = failures(last)
  failed += now.length
  for (const test of now) tell('failed', file, test)
  for (const test of failures(result)) if (!now.includes(test)) tell('unsteady, passed by itself', file, test)
}
process.stdout.write(`${passed} ${failed}\n`)

function tell(what, file, test) {
  process.stderr.write(`${what}: ${relative('.', file)}: ${test}\n`)
}

function resultsOf(path) {
  const { testResults } = JSON.parse(readFileSync(path, 'utf8'))
  return new Map(testResults.map((result) => [result.name, result]))
}

/** Names of the tests that failed; a file that failed without one did not run. */
function failures({ status, assertionResults }) {
  const names = assertionResults.filter((test) => test.status === 'failed').map((test) => test.fullName)
  return status === 'failed' && names.length === 0 ? ['the whole file'] : names
}
