import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { Forbidden, InvalidInput, LOG_START } from '#libs/event-sourcing'
import { readConfiguration } from '#libs/platform/configuration'
import { createLogger } from '#libs/platform/logging'
import { storedBuilds } from '#libs/projections-runtime'
import { leaseOwner } from '#libs/read-store'
import { anyMapping } from '../imports/any-mapping.js'
import { type HistoryImportOptions, importHistory } from '../imports/configuration/history-import.js'
import type { HistoryMapping } from '../imports/configuration/history-mapping.js'
import { type HistorySummary, toldHistory } from '../imports/configuration/history-summary.js'
import type { ImportCounts } from '../imports/domain/imports.events.js'
import type { ImportActor } from '../imports/import-context.js'
import { importFile } from '../imports/import-file.js'
import { exitCode, type ImportSummary } from '../imports/import-summary.js'
import type { ImportMapping } from '../imports/mapping.js'
import { requireReadable } from '../imports/source-file.js'
import { toldSummary } from '../imports/told-summary.js'
import type { ProjectorThreadData } from '../runtime/projector-thread.js'
import { areFiles, openReadStore, type StoreSettings, storeSettings } from '../runtime/stores.js'
import { SupervisedThread } from '../runtime/threads.js'
import { openWriteSide, type WriteSide } from '../runtime/write-side.js'
import { configurationRules } from './configuration-rules.js'
import { importRules } from './import-rules.js'
import { instantOf } from './instant.js'
import { print } from './output.js'
import { Progress } from './progress.js'
import { COMMAND_LINE } from './token.js'

/** The one that the shipped sample needs. */
const USUAL_MAPPING = 'servicenow-incident-audit-log'
const MAPPINGS = new URL('../imports/mappings/', import.meta.url)

interface ImportCommandOptions {
  mapping: string
  as?: string
  dryRun?: boolean
  until?: string
  activate?: boolean
  json?: boolean
}

/** A read model that has not moved for so long will not by itself: a batch of thousands takes a slow server a while. */
const STUCK_AFTER_MS = 60_000

export function importCommand(): Command {
  return new Command('import')
    .description(
      'Import the history of another system, also while the server runs; started again, it goes on where it stopped',
    )
    .argument('<file>', 'CSV, gzip or not; of a configuration’s history the folder with its JSON lines')
    .option(
      '--mapping <name-or-file>',
      `how the file is to be read: ${mappingNames().join(', ')}, or a YAML file`,
      USUAL_MAPPING,
    )
    .option('--as <person>', 'administrator who imports; default: the command line')
    .option('--dry-run', 'show what would happen and write nothing')
    .option('--until <instant>', 'leave rows after this time, such as 2016-04-12T09:00:00Z, for another run')
    .option(
      '--activate',
      'afterwards let policies (auto-close, reminders) look after records that are still open',
    )
    .option('--json', 'the summary as JSON')
    .action(async (file: string, options: ImportCommandOptions) => {
      const mapping = loadMapping(options.mapping)
      const [summary, lines] =
        mapping.recordType === 'configuration'
          ? told(await runHistoryImport(file, mapping, options), toldHistory)
          : told(await importRows(file, mapping, options), toldSummary)
      if (options.json) print(JSON.stringify(summary))
      else for (const line of lines) print(line)
      process.exitCode = exitCode(summary)
    })
}

function told<Summary extends ImportCounts>(
  summary: Summary,
  lines: (summary: Summary) => string[],
): [ImportCounts, string[]] {
  return [summary, lines(summary)]
}

/** Imports rows, and waits until the read models have them. */
export function runImport(file: string, options: ImportCommandOptions): Promise<ImportSummary> {
  return importRows(file, loadRowMapping(options.mapping), options)
}

/** @throws InvalidInput `IMPORT.MAPPING_UNKNOWN`, or `IMPORT.MAPPING_UNSUITABLE` for one of a configuration's history */
export function loadRowMapping(nameOrFile: string): ImportMapping {
  const mapping = loadMapping(nameOrFile)
  if (mapping.recordType !== 'configuration') return mapping
  throw new InvalidInput('IMPORT.MAPPING_UNSUITABLE', `${nameOrFile} is no mapping of rows of records`)
}

async function importRows(
  file: string,
  mapping: ImportMapping,
  options: ImportCommandOptions,
): Promise<ImportSummary> {
  if (options.activate && importRules.records[mapping.recordType].activate === undefined)
    throw new InvalidInput('IMPORT.NOTHING_TO_ACTIVATE', `No policy waits for open ${mapping.recordType}s`)
  await requireReadable(file, 'file')
  return importing(options, (shared, progress) =>
    importFile({
      ...shared,
      rules: importRules,
      mapping,
      file,
      activate: options.activate,
      onProgress: ({ rows, bytesRead, bytes, rowsPerSecond, secondsLeft }) =>
        progress.show(bytesRead / bytes, rows, rowsPerSecond, secondsLeft),
    }),
  )
}

/** Imports the history of a configuration, and waits likewise. */
export function runEstateImport(folder: string, options: ImportCommandOptions): Promise<HistorySummary> {
  const mapping = loadMapping(options.mapping)
  if (mapping.recordType === 'configuration') return runHistoryImport(folder, mapping, options)
  throw new InvalidInput(
    'IMPORT.MAPPING_UNSUITABLE',
    `${options.mapping} is no mapping of a configuration’s history`,
  )
}

async function runHistoryImport(
  folder: string,
  mapping: HistoryMapping,
  options: ImportCommandOptions,
): Promise<HistorySummary> {
  if (options.activate)
    throw new InvalidInput('IMPORT.NOTHING_TO_ACTIVATE', 'A configuration’s history leaves no open records')
  await requireReadable(folder, 'folder')
  return importing(options, (shared, progress) =>
    importHistory({
      ...shared,
      rules: configurationRules,
      mapping,
      folder,
      onProgress: ({ rows, bytesRead, bytes, rowsPerSecond, secondsLeft }) =>
        progress.show(bytesRead / bytes, rows, rowsPerSecond, secondsLeft),
    }),
  )
}

/** What any import is given. */
type Shared = Pick<HistoryImportOptions, 'store' | 'actor' | 'dryRun' | 'until' | 'signal'>

/** Runs an import, keeps the read models level unless a server does it, and waits until they are. */
async function importing<Summary>(
  options: ImportCommandOptions,
  work: (shared: Shared, progress: Progress) => Promise<Summary>,
): Promise<Summary> {
  const configuration = readConfiguration(process.env)
  const logger = createLogger({ ...configuration, logLevel: 'error' }, process.stderr)
  const stores = await storeSettings(configuration)
  // History may be what a log begins with; who only asks what would happen begins none on a server that others share.
  const write = await openWriteSide(stores, logger, { begin: !options.dryRun || areFiles(stores) })
  await tellNewLog(stores, write)
  const data: ProjectorThreadData = { stores, owner: leaseOwner('import'), policies: false, reports: false }
  const projector = options.dryRun
    ? undefined
    : new SupervisedThread(new URL('../runtime/projector-thread.js', import.meta.url), data, logger)
  const upkeep =
    options.dryRun || !areFiles(stores)
      ? undefined
      : new SupervisedThread(new URL('../runtime/upkeep-thread.js', import.meta.url), data, logger)
  const unsubscribe = write.eventStore.onAppended(() => projector?.tell('appended'))
  const stop = new AbortController()
  const onSignal = () => stop.abort()
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  const progress = new Progress('import', 'rows')
  const { until, dryRun } = options
  try {
    const shared: Shared = {
      store: write.eventStore,
      actor: actorOf(write, options.as),
      dryRun,
      until: until === undefined ? undefined : instantOf('--until', until, 'IMPORT.UNTIL_INVALID'),
      signal: stop.signal,
    }
    const summary = await work(shared, progress)
    progress.end()
    if (projector) await caughtUp(stores, write, stop.signal)
    return summary
  } finally {
    progress.end()
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
    unsubscribe()
    await projector?.stop()
    await upkeep?.stop()
    await write.close()
  }
}

/** Tells that a log begins: a mistyped namespace would be one of its own, which is better said before rows are in it. */
async function tellNewLog({ servers }: StoreSettings, { eventStore }: WriteSide): Promise<void> {
  if (servers === undefined) return
  const { events } = await eventStore.readAll({ after: LOG_START, limit: 1 })
  if (events.length === 0) console.error(`namespace ${servers.namespace} is new: a log begins there`)
}

/** Waits until every read model, whoever feeds it, has what was imported, or none gets any further. */
async function caughtUp(
  stores: StoreSettings,
  { eventStore }: WriteSide,
  signal: AbortSignal,
): Promise<void> {
  const head = await eventStore.head()
  let reached = ''
  let movedAt = Date.now()
  const readStore = await openReadStore(stores, { readOnly: true })
  try {
    while (!signal.aborted) {
      const live = (await storedBuilds(eventStore, readStore)).filter(
        ({ status, projection }) => status === 'live' && !projection.startsWith('policy_'),
      )
      const foreign = live.find(({ code }) => code !== undefined)
      if (foreign)
        return console.error(
          `${foreign.projection}: ${foreign.code}; ledgerdesk projections rebuild ${foreign.projection}`,
        )
      if (live.length > 0 && live.every(({ position }) => position >= head)) return
      const positions = live.map(({ position }) => position).join()
      if (positions !== reached) movedAt = Date.now()
      reached = positions
      if (Date.now() - movedAt > STUCK_AFTER_MS) {
        const late = live.filter(({ position }) => position < head).map(({ projection }) => projection)
        return console.error(
          `${late.join(', ')} no longer follows the log: look at "ledgerdesk projections list" and the server's log`,
        )
      }
      await sleep(50)
    }
  } finally {
    await readStore.close()
  }
}

function actorOf({ directory }: WriteSide, person: string | undefined): ImportActor {
  if (person === undefined) return { id: COMMAND_LINE }
  const grant = directory.principal(person)?.grants.get('administrator')
  if (grant === undefined)
    throw new Forbidden('IMPORT.FORBIDDEN', `${person} is no administrator, so may not import`)
  return { id: person, grant }
}

function mappingNames(): string[] {
  return readdirSync(MAPPINGS)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => name.slice(0, -'.yaml'.length))
}

/** A mapping by its name, or from a YAML file. @throws InvalidInput `IMPORT.MAPPING_UNKNOWN` */
function loadMapping(nameOrFile: string): ImportMapping | HistoryMapping {
  if (mappingNames().includes(nameOrFile)) {
    return anyMapping(readFileSync(new URL(`${nameOrFile}.yaml`, MAPPINGS), 'utf8'))
  }
  if (!existsSync(nameOrFile)) {
    throw new InvalidInput(
      'IMPORT.MAPPING_UNKNOWN',
      `There is no mapping ${nameOrFile}: name a YAML file, or one of ${mappingNames().join(', ')}`,
    )
  }
  return anyMapping(readFileSync(nameOrFile, 'utf8'))
}
