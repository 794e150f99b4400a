import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readConfiguration } from '#libs/platform/configuration'
import { createLogger } from '#libs/platform/logging'
import { ciNumbers } from '../../configuration/configuration.records.js'
import { storeSettings } from '../../runtime/stores.js'
import { openWriteSide, type WriteSide } from '../../runtime/write-side.js'
import { print } from '../output.js'
import { Progress } from '../progress.js'
import { issueToken } from '../token.js'
import { makeUpYear } from './change-year.js'
import { AUDITOR, CHANGE_MANAGER } from './people.js'
import type { YearAsPlanned } from './planting.js'

/** What is kept beside the log: what was planted, and the tokens of those who look. */
export interface Kept {
  planned: YearAsPlanned
  /** Where the log stood afterwards. */
  position: string
  auditor: string
  changeManager: string
}
const KEPT = 'change-year.json'

/** Whether the year is there already. */
export function hasYear(folder: string): boolean {
  return existsSync(join(folder, KEPT))
}

/** Makes up the year on the estate that lies in the log. Synthetic; the same seed, the same year. */
export async function writeYear(folder: string, random: () => number, changes: number): Promise<void> {
  const configuration = readConfiguration(process.env)
  const write = await openWriteSide(
    await storeSettings(configuration),
    createLogger(configuration, process.stderr),
  )
  try {
    print('Making up a year of changes on it (synthetic, seeded) ...')
    const started = performance.now()
    const progress = new Progress('Making up', 'changes')
    const planned = await makeUpYear(write, random, {
      changes,
      estate: await liveItems(write),
      onProgress(done, of) {
        const seconds = (performance.now() - started) / 1000
        progress.show(done / of, done, done / seconds, (seconds * (of - done)) / done)
      },
    })
    progress.end()
    const token = (person: string, role: 'auditor' | 'change-manager') =>
      issueToken(write, { person, roles: [role], label: 'demo' })
    const tokens = {
      auditor: await token(AUDITOR, 'auditor'),
      changeManager: await token(CHANGE_MANAGER, 'change-manager'),
    }
    const kept: Kept = { planned, position: await write.eventStore.head(), ...tokens }
    print(`  ${planned.changes} changes, ${((performance.now() - started) / 1000).toFixed(1)} s`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, KEPT), JSON.stringify(kept, null, 2), { mode: 0o600 })
  } finally {
    await write.close()
  }
}

/** Numbers of the items that are not retired. */
async function liveItems({ eventStore }: WriteSide): Promise<string[]> {
  const live: string[] = []
  for (let n = 1; ; n++) {
    const number = ciNumbers.format(n)
    const events = await eventStore.readStream(`${ciNumbers.streamPrefix}${number}`)
    if (events.length === 0) return live
    const last = events.findLast(({ type }) => type === 'CiRegistered' || type === 'CiRetired')
    if (last?.type === 'CiRegistered') live.push(number)
  }
}

/** What was planted, what auditors find, and what to paste. */
export async function showYear(url: string, folder: string): Promise<void> {
  const kept = JSON.parse(readFileSync(join(folder, KEPT), 'utf8')) as Kept
  const { planned, auditor, changeManager } = kept
  const { from, to, findings, conflicts, reverts, voided, rejected, disputed, health } = planned
  const found = await findingsOf(url, kept)
  const questions = [...new Set(findings.map(({ question }) => question))].sort()
  const count = (rows: readonly { question: string }[], question: string) =>
    String(rows.filter((row) => row.question === question).length).padStart(8)
  const rows = questions.map((each) => `${each.padEnd(30)}${count(findings, each)}${count(found, each)}`)
  const sampled = findings.find(({ question }) => question === 'duties-not-separated')?.record
  const curl = (who: string, rest: string) => `curl -s -H "Authorization: Bearer $${who}" ${rest}`
  print(`
A synthetic year, ${from.slice(0, 10)} to ${to.slice(0, 10)}: ${planned.changes} changes, ${conflicts.length} pairs in conflict, ${voided.length} approvals voided,
${rejected.length} rejected, ${reverts.length} reverted; risk low ${planned.risks.low}, medium ${planned.risks.medium}, high ${planned.risks.high};
of its servers ${health.orphan.length} orphans, ${health.incomplete.length} incomplete, ${health.duplicate.length} pair of duplicates, ${health.stale.length} unseen since the first half, ${disputed.length} in dispute between two sources.

${'Audit question'.padEnd(30)} planted   found
${rows.join('\n')}

Ledgerdesk serves on ${url} (documentation: ${url}/docs). Paste into another shell:

U=${url}
AUDITOR=${auditor}
MANAGER=${changeManager}

# What auditors find of the year; as an extract with its digest
${curl('AUDITOR', `-G --data-urlencode 'filter=question = "modification-outside-change"' "$U/audit/findings?pageSize=3"`)}
${curl('AUDITOR', `"$U/audit/changes?from=${from}&to=${to}"`)}

# A sample that anybody can draw again, and the evidence of one change (a page for people is in it)
${curl('AUDITOR', `"$U/audit/samples?size=25&seed=2025&from=${from}&to=${to}"`)}
${curl('AUDITOR', `-o evidence.zip $U/audit/changes/${sampled}/evidence.zip`)}

# What is wrong with the estate; where a server stands of which two sources say different things, and who said what
${curl('MANAGER', `"$U/configuration/health?pageSize=5"`)}
${curl('MANAGER', `$U/configuration-items/${disputed[0]?.ci}/history`)}

# Changes of high risk; what the board advised against
${curl('MANAGER', `-G --data-urlencode 'filter=risk = "high"' "$U/changes?pageSize=3"`)}
${curl('MANAGER', `-G --data-urlencode 'filter=cabAdvice = "reject"' "$U/changes?pageSize=3"`)}
`)
}

/** All of the year, as soon as the read model has the whole of it. */
async function findingsOf(
  url: string,
  { auditor, position, planned: { from, to } }: Kept,
): Promise<{ question: string }[]> {
  const found: { question: string }[] = []
  let pageToken = ''
  for (;;) {
    const query = new URLSearchParams({ filter: `at >= "${from}" AND at < "${to}"`, pageSize: '1000' })
    query.set('minPosition', position)
    if (pageToken !== '') query.set('pageToken', pageToken)
    const headers = { authorization: `Bearer ${auditor}` }
    const response = await fetch(`${url}/audit/findings?${query}`, { headers })
    // Read models are being built
    if (response.status === 503) {
      await sleep(500)
      continue
    }
    if (!response.ok) throw new Error(`GET /audit/findings: ${response.status} ${await response.text()}`)
    const page = (await response.json()) as { items: { question: string }[]; nextPageToken?: string }
    found.push(...page.items)
    pageToken = page.nextPageToken ?? ''
    if (pageToken === '') return found
  }
}
