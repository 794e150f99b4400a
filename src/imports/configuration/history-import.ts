import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { EventStore } from '#libs/event-store'
import { DirectoryEntries } from '../directory-entries.js'
import type { ImportActor, RunContext } from '../import-context.js'
import { ImportRun } from '../import-run.js'
import type { HistoryMapping } from './history-mapping.js'
import { type HistoryFiles, type HistoryStep, historySteps, missingFile } from './history-rows.js'
import type { ConfigurationRules } from './history-rules.js'
import { type HistorySummary, HistoryTally } from './history-summary.js'
import { HistoryWriter } from './history-writer.js'
import { type JsonLines, openJsonLines } from './json-lines.js'
import { publishClasses } from './publish-classes.js'
import { relationTypesFor } from './relation-types.js'

export interface HistoryImportOptions {
  store: EventStore
  rules: ConfigurationRules
  mapping: HistoryMapping
  /** Where the mapping's files lie, gzip or not. */
  folder: string
  actor: ImportActor
  /** Tells what would happen and writes nothing. */
  dryRun?: boolean
  /** ISO 8601: the first commit later than this, and all that stand after it, are left for another run. */
  until?: string
  /** Id of the run; random when left out. */
  run?: string
  /** Stops after the commit that is under way. */
  signal?: AbortSignal
  onProgress?(progress: HistoryProgress): void
  clock?(): number
}

export interface HistoryProgress {
  readonly rows: number
  readonly bytesRead: number
  readonly bytes: number
  readonly rowsPerSecond: number
  readonly secondsLeft: number
}

/** Requests that are written together: large enough to share a sync, small enough that others get their turn. */
const AT_ONCE = 500

/**
 * Imports the history of a configuration, commit by commit, in the order of its rows: each commit is a change of its own
 * that begins before the first event of what it did and closes after the last one. Rows that were imported before are
 * skipped, so a stopped import goes on when it is started again, and a longer export continues a shorter one.
 * @throws InvalidInput `IMPORT.FILE_UNREADABLE`, `IMPORT.RELATION_TYPE_UNKNOWN`, `SETTINGS.CI_CLASSES_MALFORMED`
 * @throws Unavailable when the store is away; what was imported so far is kept
 */
export async function importHistory(options: HistoryImportOptions): Promise<HistorySummary> {
  const files = await openFiles(options.folder, options.mapping)
  try {
    return await new HistoryImport(options, files).run()
  } finally {
    for (const file of all(files)) file.close()
  }
}

async function openFiles(
  folder: string,
  { commits, items, relations }: HistoryMapping,
): Promise<HistoryFiles> {
  const open = async (name: string) => {
    const path = [name, `${name}.gz`].map((each) => join(folder, each)).find((each) => existsSync(each))
    if (path === undefined) throw missingFile(folder, name)
    return openJsonLines(path)
  }
  const others = new Map<string, JsonLines>()
  for (const { file } of [...items, ...relations]) others.set(file, await open(file))
  return { commits: await open(commits.file), others }
}

function all({ commits, others }: HistoryFiles): JsonLines[] {
  return [commits, ...others.values()]
}

class HistoryImport {
  readonly #context: RunContext
  readonly #runStream: ImportRun
  readonly #tally = new HistoryTally()
  readonly #until: string | undefined
  readonly #startedAt: number

  constructor(
    private readonly options: HistoryImportOptions,
    private readonly files: HistoryFiles,
  ) {
    const { store, actor, mapping, dryRun = false, run = randomUUID(), clock = Date.now, until } = options
    this.#context = { store, actor, source: mapping.source, run, dryRun, clock }
    this.#runStream = new ImportRun(this.#context)
    this.#until = until === undefined ? undefined : new Date(until).toISOString()
    this.#startedAt = clock()
  }

  async run(): Promise<HistorySummary> {
    const { mapping, rules, signal } = this.options
    const relationTypes = await relationTypesFor(this.options.store, mapping, rules.defaultRelationTypes)
    await this.#runStream.tell(this.#started())
    const classes = await publishClasses(this.#context, rules, mapping.classes)
    this.#tally.events += classes.events
    const settings = { classes, relationTypes }
    const directory = new DirectoryEntries(this.#context, { people: mapping.people, groups: '' })
    const writer = new HistoryWriter(this.#context, rules, mapping, settings, directory, this.#tally)
    await writer.load()
    for await (const step of historySteps(mapping, this.files)) {
      if (step.kind === 'begin' && (signal?.aborted || this.#isLater(step))) break
      if (step.kind === 'rejected') this.#reject(step)
      else this.#reject(await writer.take(step))
      if (writer.waiting >= AT_ONCE) await this.#write(writer)
    }
    await this.#write(writer)
    const stopped = signal?.aborted ?? false
    const counts = this.#tally.counts()
    await this.#runStream.tell({ type: stopped ? 'ImportStopped' : 'ImportCompleted', data: counts })
    const { run, dryRun } = this.#context
    return this.#tally.summary({ run, dryRun, stopped, seconds: this.#seconds() })
  }

  async #write(writer: HistoryWriter): Promise<void> {
    await writer.flush()
    await this.#runStream.tell()
    const { rows } = this.#tally
    const seconds = this.#seconds()
    const bytes = all(this.files).reduce((sum, { file }) => sum + file.bytes, 0)
    const bytesRead = all(this.files).reduce((sum, file) => sum + file.bytesRead(), 0)
    const secondsLeft = bytesRead === 0 ? 0 : (seconds * (bytes - bytesRead)) / bytesRead
    this.options.onProgress?.({ rows, bytesRead, bytes, rowsPerSecond: rows / seconds, secondsLeft })
  }

  #isLater({ commit }: Extract<HistoryStep, { kind: 'begin' }>): boolean {
    const later = this.#until !== undefined && commit.occurredAt > this.#until
    if (later) this.#tally.later++
    return later
  }

  #reject(rejected: { file: string; row: number; reason: string } | undefined): void {
    if (rejected === undefined) return
    const { file, row, reason } = rejected
    this.#tally.reject(file, row, reason)
    this.#runStream.reject({ row, reason: `${file}: ${reason}` })
  }

  #started() {
    const { mapping } = this.options
    const told = ({ file: { name, bytes, sha256 } }: JsonLines) => ({ name, bytes, sha256 })
    return {
      type: 'ImportStarted',
      data: {
        source: mapping.source,
        recordType: mapping.recordType,
        file: told(this.files.commits),
        otherFiles: [...this.files.others.values()].map(told),
        mapping: {
          sha256: createHash('sha256').update(JSON.stringify(mapping)).digest('hex'),
          timeZone: 'as written',
          precision: 'as written',
          rowOrder: mapping.order,
          numbers: 'keep',
        },
        until: this.#until,
      },
    } as const
  }

  #seconds(): number {
    return Math.max(0.001, (this.#context.clock() - this.#startedAt) / 1_000)
  }
}
