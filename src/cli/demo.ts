import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Command, Option } from 'commander'
import type { Role } from '#libs/access'
import { type Configuration, readConfiguration } from '#libs/platform/configuration'
import { createLogger } from '#libs/platform/logging'
import { randomNumbers } from '#libs/random-numbers'
import { groupRecords } from '../directory/directory.records.js'
import { AddMember, ChangeGroup } from '../directory/domain/group.commands.js'
import { importFile } from '../imports/import-file.js'
import { storeSettings } from '../runtime/stores.js'
import { openWriteSide, type WriteSide } from '../runtime/write-side.js'
import type { RunningServer } from '../serve.js'
import { hasYear, showYear, writeYear } from './change-year/demo-year.js'
import { candidateLines } from './demo-candidates.js'
import { changeLines } from './demo-change.js'
import { untilTold } from './demo-wait.js'
import { estateHistory, writeEstateHistory } from './estate-history.js'
import { loadRowMapping, runEstateImport, runImport } from './import.js'
import { importRules } from './import-rules.js'
import { print } from './output.js'
import { COMMAND_LINE, issueToken, metadata } from './token.js'
import { wholeNumber } from './whole-number.js'

const SAMPLE = fileURLToPath(
  new URL('../../../test/data/servicenow-incidents-sample.csv.gz', import.meta.url),
)
const MAPPING = 'servicenow-incident-audit-log'
const ESTATE_MAPPING = 'ansible-inventory-history'
/** A Tuesday morning with 420 unresolved incidents (test/data/README.md). */
const CUT_OFF = '2016-04-12T09:00:00.000Z'
const REPLAY_STEP_HOURS = 12
const QUEUE = 'servicenow:Group 9'
const TOKENS = 'demo-tokens.json'

interface Actor {
  id: string
  name: string
  roles: readonly Role[]
  member?: boolean
  /** Of the group: approves its changes. */
  manager?: boolean
}

/** One person per role; the requester is one of the sample's callers, so that she has records of her own. */
const CAST: readonly Actor[] = [
  { id: 'root', name: 'Rita Root', roles: ['administrator'] },
  { id: 'alice', name: 'Alice Agent', roles: ['agent'], member: true },
  { id: 'bob', name: 'Bob Agent', roles: ['agent'], member: true },
  { id: 'lena', name: 'Lena Lead', roles: ['team-lead'], member: true },
  { id: 'servicenow:Caller 4180', name: 'A caller of the sample', roles: ['requester'] },
  { id: 'chris', name: 'Chris Change', roles: ['change-manager'], manager: true },
  { id: 'audrey', name: 'Audrey Audit', roles: ['auditor'] },
  { id: 'ann', name: 'Ann Analyst', roles: ['analyst'] },
  { id: 'service:monitoring', name: 'Monitoring', roles: ['service'] },
]

/** As Alertmanager would say it, in the form that anybody may send. */
const ALERT = JSON.stringify({
  source: 'demo',
  key: 'disk-full-db-1',
  status: 'firing',
  labels: { alertname: 'DiskFull', severity: 'critical', instance: 'db-1' },
  annotations: { summary: 'Disk full on db-1' },
})

export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'Import a sample of real incidents up to a Tuesday morning, serve it, and show what to paste',
    )
    .option('--replay', 'play what happened after that morning in time-lapse while the queue moves')
    .option(
      '--data <folder>',
      'where it is kept; started again, all is there (default: data/demo, or data/ and the scenario)',
      process.env.LEDGERDESK_DATA_DIR || undefined,
    )
    .addOption(
      new Option(
        '--scenario <name>',
        'instead: a synthetic year of changes on a made-up estate, with breaches of every audit question',
      ).choices(['change-year']),
    )
    .addOption(new Option('--seed <number>', 'of the scenario').default(1).argParser(wholeNumber))
    .addOption(
      new Option('--changes <number>', 'of the scenario, at least one of each kind')
        .default(500)
        .argParser(wholeNumber),
    )
    .option(
      '--estate <folder>',
      'only write the history of a made-up estate there, to be imported with --mapping ansible-inventory-history',
    )
    .action(async ({ replay, data: given, estate, scenario, seed, changes }: DemoOptions) => {
      if (estate !== undefined) return writeEstateHistory(estate, estateHistory())
      const data = given ?? (scenario === undefined ? 'data/demo' : `data/${scenario}`)
      process.env.LEDGERDESK_DATA_DIR = data
      process.env.LEDGERDESK_LOG_LEVEL ??= 'warn'
      const configuration = readConfiguration(process.env)
      if (scenario !== undefined) {
        if (!hasYear(data) && !(await importEstate(data))) return
        if (!hasYear(data)) await writeYear(data, randomNumbers(seed), changes)
        const { url } = await served(configuration)
        return showYear(url, data)
      }
      // The tokens come last: without them, the import may have been interrupted, and goes on.
      if (!existsSync(join(data, TOKENS)) && !((await importSample()) && (await importEstate(data)))) return
      const tokens = await castTokens(data)
      const server = await served(configuration)
      await show(server.url, tokens)
      if (replay) await playOn(server, tokens)
    })
}

interface DemoOptions {
  replay?: boolean
  data?: string
  estate?: string
  scenario?: 'change-year'
  seed: number
  changes: number
}

/** As in `serve`, only who serves loads the server. */
async function served(configuration: Configuration): Promise<RunningServer> {
  const { serve } = await import('../serve.js')
  const { shutDownOnSignals } = await import('#libs/platform')
  const server = await serve(configuration)
  shutDownOnSignals(server.shutdown)
  return server
}

/** @returns false when it was interrupted */
async function importSample(): Promise<boolean> {
  print(
    'Importing a sample of real ServiceNow incidents (UCI 498, anonymised, CC BY 4.0; see test/data/README.md) ...',
  )
  const { rows, applied, later, records, events, seconds, stopped } = await runImport(SAMPLE, {
    mapping: MAPPING,
    until: CUT_OFF,
  })
  print(
    `  ${applied} of ${rows} updates of ${records} incidents (${later} are later than the morning), ${events} events, ${seconds.toFixed(1)} s`,
  )
  if (stopped) print('  interrupted: started again, it goes on from there')
  return !stopped
}

/** Nobody's estate, made up for this. @returns false when it was interrupted */
async function importEstate(data: string): Promise<boolean> {
  print('Importing the history of an estate (synthetic, seeded) ...')
  const folder = join(data, 'estate')
  writeEstateHistory(folder, estateHistory())
  const { rows, events, seconds, stopped } = await runEstateImport(folder, { mapping: ESTATE_MAPPING })
  print(`  ${rows} rows of 120 changes, ${events} events, ${seconds.toFixed(1)} s`)
  return !stopped
}

/** The tokens of the cast; made at the first start and kept beside the data, as this is a demonstration. */
async function castTokens(folder: string): Promise<Map<string, string>> {
  const file = join(folder, TOKENS)
  if (existsSync(file))
    return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>))
  mkdirSync(folder, { recursive: true })
  const configuration = readConfiguration(process.env)
  const write = await openWriteSide(
    await storeSettings(configuration),
    createLogger(configuration, process.stderr),
  )
  try {
    const tokens = new Map<string, string>()
    for (const actor of CAST) tokens.set(actor.id, await enter(write, actor))
    writeFileSync(file, JSON.stringify(Object.fromEntries(tokens), null, 2), { mode: 0o600 })
    return tokens
  } finally {
    await write.close()
  }
}

async function enter(write: WriteSide, { id, name, roles, member, manager }: Actor): Promise<string> {
  const token = await issueToken(write, { person: id, name, roles, label: 'demo' })
  if (member) await write.executor.execute(groupRecords, new AddMember(QUEUE, { person: id }, metadata()))
  if (manager) await write.executor.execute(groupRecords, new ChangeGroup(QUEUE, { manager: id }, metadata()))
  return token
}

async function show(url: string, tokens: Map<string, string>): Promise<void> {
  const get = async (path: string, who: string) => {
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${tokens.get(who)}` } })
    return (await response.json()) as { items: { number: string }[] }
  }
  const queue = encodeURIComponent(QUEUE)
  const [free] = (
    await get(
      `/queues/${queue}?filter=${encodeURIComponent('assignee = null AND (state = "New" OR state = "In Progress")')}&pageSize=1`,
      'alice',
    )
  ).items
  const [own] = (await get('/incidents?pageSize=1', 'servicenow:Caller 4180')).items
  if (!free || !own) throw new Error('The sample has no record to show: is this its data folder?')
  const ticket = free.number
  const variables = CAST.map(
    ({ id, roles }) => `${variable(id)}=${tokens.get(id)}   # ${id}: ${roles.join(', ')}`,
  )
  const json = `-H 'Content-Type: application/json'`
  const curl = (who: string, rest: string) => `curl -s -H "Authorization: Bearer $${variable(who)}" ${rest}`
  const alerts = curl('alice', `"$U/alerts?pageSize=1"`)
  const findings = curl(
    'audrey',
    `-G --data-urlencode 'filter=question = "modification-outside-change" AND record = "'$C'"' $U/audit/findings`,
  )
  const candidates = await candidateLines({
    get: (path) => get(path, 'alice'),
    curl: (rest) => curl('alice', rest),
  })
  print(`
Ledgerdesk serves on ${url} (documentation: ${url}/docs). Paste into another shell, the tokens first:

U=${url}
${variables.join('\n')}

# The queue of ${QUEUE} as the sample leaves it (on the morning of ${CUT_OFF.slice(0, 10)}), and eleven days before
${curl('alice', `"$U/queues/${queue}?pageSize=3"`)}
${curl('alice', `"$U/queues/${queue}?pageSize=3&validAt=2016-04-01T09:00:00Z"`)}

# Two agents accept one ticket, both having seen the same revision: one gets it, the other gets 412
R=$(${curl('alice', `-o /dev/null -D - $U/incidents/${ticket}`)} | tr -d '\\r' | sed -n 's/^etag: //Ip')
${curl('alice', `-i -X POST -H "If-Match: $R" $U/incidents/${ticket}/accept`)}
${curl('bob', `-i -X POST -H "If-Match: $R" $U/incidents/${ticket}/accept`)}

# The same Idempotency-Key twice: one incident, the same answer
${curl('alice', `-i -X POST -H 'Idempotency-Key: "demo-1"' -H 'Content-Type: application/json' -d '{"title":"Mail does not arrive","impact":2,"urgency":1,"assignmentGroup":"${QUEUE}"}' $U/incidents`)}
${curl('alice', `-i -X POST -H 'Idempotency-Key: "demo-1"' -H 'Content-Type: application/json' -d '{"title":"Mail does not arrive","impact":2,"urgency":1,"assignmentGroup":"${QUEUE}"}' $U/incidents`)}

# Who did what when, as an agent and as the caller
${curl('alice', `$U/incidents/${own.number}/history`)}
${curl('servicenow:Caller 4180', `$U/incidents/${own.number}/history`)}

# The queue live, in the background; an alert that fires twice is one incident; it enters the queue, becomes a major one, and has a log
${curl('alice', `-N --max-time 9 -H 'Accept: text/event-stream' "$U/queues/${queue}" | tail -n 12 &`)}
${curl('service:monitoring', `-H 'Content-Type: application/json' -d '${ALERT}' $U/alerts`)}
${untilTold(alerts, '"incident":"INC')}
${curl('service:monitoring', `-H 'Content-Type: application/json' -d '${ALERT}' $U/alerts`)}
N=$(${alerts} | sed -n 's/.*"incident":"\\([^"]*\\)".*/\\1/p')
${curl('alice', `-H 'Content-Type: application/json' -d '{"group":"${QUEUE}"}' $U/incidents/$N/assign`)}
${curl('lena', `-H 'Content-Type: application/json' -d '{"manager":"lena"}' $U/incidents/$N/promote`)}
${curl('lena', `-H 'Content-Type: application/json' -d '{"text":"We are on it","visibility":"public"}' $U/incidents/$N/updates`)}
${curl('alice', '$U/incidents/$N/updates')}
wait $!

# Half a word finds it
${curl('alice', `-G --data-urlencode 'q=isk full' $U/search`)}

${candidates.map((line) => `${line}\n`).join('')}# The estate as its 60th change left it and as the last one did (the last line counts), and what lies between
${curl('chris', `"$U/configuration/graph?asOf=change:60" | tail -n 1`)}
${curl('chris', `"$U/configuration/graph?asOf=change:120" | tail -n 1`)}
${curl('chris', `"$U/configuration/diff?fromAsOf=change:60&toAsOf=change:120"`)}

# The estate on two dates (the last line counts), and the difference of these dates
${curl('chris', `"$U/configuration/graph?validAt=2021-05-01T00:00:00Z" | tail -n 1`)}
${curl('chris', `"$U/configuration/graph?validAt=2021-07-01T00:00:00Z" | tail -n 1`)}
${curl('chris', `"$U/configuration/diff?from=2021-05-01T00:00:00Z&to=2021-07-01T00:00:00Z"`)}

${changeLines({
  group: QUEUE,
  requester: 'alice',
  approver: 'chris',
  implementer: 'bob',
  auditor: 'audrey',
  curl,
})
  .map((line) => `${line}\n`)
  .join('')}# A modification that no change allowed: auditors find it, judge it, and take an extract with them
C=$(${curl('chris', `${json} -d '{"class":"server","name":"demo-db-'$RANDOM'","attributes":{"ramGigabytes":16}}' $U/configuration-items`)} | sed -n 's/.*"id":"\\([^"]*\\)".*/\\1/p')
${curl('alice', `${json} -d '{"attributes":{"ramGigabytes":64}}' $U/configuration-items/$C/change`)}
${untilTold(findings, '"id":"')}
F=$(${findings} | sed -n 's/.*"id":"\\([^"]*\\)".*/\\1/p')
${curl('audrey', `${json} -d '{"disposition":"deficiency","comment":"Nobody had asked for it"}' $U/audit/findings/$F/dispose`)}
${untilTold(findings, '"disposition":"deficiency"')}
${curl('audrey', '$U/audit/changes')}

# All queues by state, priority and age; what analysts count; the log itself
${curl('lena', '$U/queues')}
${curl('ann', `-H 'Accept: text/csv' $U/incident-facts`)}
${curl('audrey', '"$U/events?limit=2"')}

# Kill the server (kill -9 ${process.pid}), start it again (npm run demo): all is there.
# npm run demo -- --replay plays on what happened after this morning.
`)
}

/** Rows until later and later, as if the morning went on; what is known already is skipped. */
async function playOn({ runtime, url }: RunningServer, tokens: Map<string, string>): Promise<void> {
  const mapping = loadRowMapping(MAPPING)
  const headers = { authorization: `Bearer ${tokens.get('lena')}` }
  let stopped = false
  process.once('SIGINT', () => {
    stopped = true
  })
  for (let at = Date.parse(CUT_OFF), later = 1; later > 0 && !stopped; ) {
    at += REPLAY_STEP_HOURS * 3_600_000
    const until = new Date(at).toISOString()
    const { eventStore } = runtime
    const summary = await importFile({
      store: eventStore,
      rules: importRules,
      mapping,
      file: SAMPLE,
      actor: { id: COMMAND_LINE },
      until,
    })
    later = summary.later
    const minPosition = await eventStore.head()
    const response = await fetch(`${url}/queues?minPosition=${minPosition}`, { headers })
    const { items } = (await response.json()) as { items: { byState: Record<string, number> }[] }
    const inState = (state: string) => items.reduce((sum, { byState }) => sum + (byState[state] ?? 0), 0)
    const states = ['New', 'In Progress', 'On Hold', 'Resolved'].map((state) => `${state} ${inState(state)}`)
    print(`${until.slice(0, 16)}  ${states.join('   ')}   (${summary.applied} updates)`)
    await sleep(500)
  }
  print('That was all. The server goes on; Ctrl-C ends it.')
}

function variable(id: string): string {
  return id.replaceAll(/\W+/g, '_').toUpperCase()
}
