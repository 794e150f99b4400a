import { createHash, randomUUID } from 'node:crypto'
import { derivedId } from '#libs/event-sourcing'
import type { EventStore } from '#libs/event-store'
import { activateRecords } from './activation.js'
import { DirectoryEntries } from './directory-entries.js'
import type { ImportStarted } from './domain/imports.events.js'
import type { ImportActor, ImportContext, ImportRules } from './import-context.js'
import { ImportFacts } from './import-facts.js'
import { ImportRun, wasImported } from './import-run.js'
import { type ImportSummary, ImportTally } from './import-summary.js'
import type { ImportMapping } from './mapping.js'
import { publishMatrix } from './priority-matrix.js'
import { type ImportedRecord, ImportedRecords } from './records.js'
import { RowIdentity } from './row-identity.js'
import { RowMapping, UnusableRow } from './row-mapping.js'
import { type ObservedRow, RowWriter } from './row-writer.js'
import { inspectFile, type OpenedRows, openRows, type SourceFile, type SourceRow } from './source-file.js'

export interface ImportOptions {
  store: EventStore
  rules: ImportRules
  mapping: ImportMapping
  /** Path of the file: CSV, gzip or not. */
  file: string
  actor: ImportActor
  /** Tells what would happen and writes nothing. */
  dryRun?: boolean
  /** ISO 8601: a record's rows later than this, and all that stand after them, are left for another run. */
  until?: string
  /** Afterwards policies look after the source's open records, also those of earlier runs. */
  activate?: boolean
  /** Rows that are decided and written together. Default 250. */
  batchRows?: number
  /** Records whose state is kept between their rows, a few kB each. Default 10,000. */
  keptRecords?: number
  /** Id of the run; random when left out. */
  run?: string
  /** Stops after the batch that is under way. */
  signal?: AbortSignal
  onProgress?(progress: ImportProgress): void
  clock?(): number
}

export interface ImportProgress {
  readonly rows: number
  readonly events: number
  readonly bytesRead: number
  readonly bytes: number
  readonly rowsPerSecond: number
  /** Of the file at the rate so far. */
  readonly secondsLeft: number
}

/** Large enough that a sync of the log is shared by many events, small enough that others get their turn. */
const BATCH_ROWS = 250

/**
 * Imports a file of rows as the observed history of records. Rows that were imported before, under whatever file name
 * and by whomever, are skipped; so a stopped import goes on when it is started again, and a longer export continues a
 * shorter one. A row that can't be used is reported, the rest goes on.
 * @throws InvalidInput `IMPORT.FILE_UNREADABLE`, `IMPORT.COLUMNS_MISSING`, `SETTINGS.MATRIX_MALFORMED`
 * @throws Unavailable when the store is away; what was imported so far is kept
 */
export async function importFile(options: ImportOptions): Promise<ImportSummary> {
  const file = await inspectFile(options.file)
  const rows = await openRows(options.file, file, options.mapping.format)
  try {
    // A dry run meets no conflict that would tell of a record that is there nevertheless, so it has to look.
    const areNew = !options.dryRun && !(await wasImported(options.store, options.mapping.source))
    return await new FileImport(options, file, rows, areNew).run()
  } finally {
    rows.close()
  }
}

/** A row that is told from all others, and not yet understood. */
interface IdentifiedRow {
  readonly row: number
  readonly cells: readonly string[]
  readonly externalId: string
  readonly commandId: string
}

class FileImport {
  readonly #context: ImportContext
  readonly #mapping: RowMapping
  readonly #identity: RowIdentity
  readonly #records: ImportedRecords
  readonly #facts: ImportFacts
  readonly #runStream: ImportRun
  readonly #tally: ImportTally
  /** Records of which a row was later than `until`. */
  readonly #ended = new Set<string>()
  /** In the form in which times are compared as text. */
  readonly #until: string | undefined
  readonly #startedAt: number
  #writer: RowWriter | undefined
  #matrixVersion: number | null = null
  #matrixReplaced: number | null = null

  constructor(
    private readonly options: ImportOptions,
    private readonly file: SourceFile,
    private readonly rows: OpenedRows,
    areNew: boolean,
  ) {
    const { store, rules, actor, mapping, dryRun = false, run = randomUUID(), clock = Date.now } = options
    const { until, keptRecords } = options
    const kind = rules.records[mapping.recordType]
    this.#context = { store, rules, kind, actor, source: mapping.source, run, dryRun, clock }
    this.#mapping = new RowMapping(mapping, rows.header)
    this.#identity = new RowIdentity(mapping, rows.header)
    this.#records = new ImportedRecords(this.#context, mapping.number.policy, areNew, keptRecords)
    this.#facts = new ImportFacts(store)
    this.#runStream = new ImportRun(this.#context)
    this.#tally = new ImportTally(mapping.recordType, kind.opened)
    this.#until = until === undefined ? undefined : new Date(until).toISOString()
    this.#startedAt = clock()
  }

  async run(): Promise<ImportSummary> {
    const { signal, activate = false, batchRows = BATCH_ROWS } = this.options
    await this.#runStream.tell(this.#started())
    for await (const batch of this.rows.batches(batchRows)) {
      if (signal?.aborted) break
      await this.#importBatch(batch)
      await this.#runStream.tell()
      this.#progress()
    }
    const stopped = signal?.aborted ?? false
    const counts = this.#tally.counts()
    await this.#runStream.tell({ type: stopped ? 'ImportStopped' : 'ImportCompleted', data: counts })
    if (activate && !stopped) await this.#activate()
    return this.#tally.summary({
      run: this.#context.run,
      dryRun: this.#context.dryRun,
      stopped,
      matrixVersion: this.#matrixVersion,
      matrixReplaced: this.#matrixReplaced,
      renamedGroups: this.#mapping.renamedGroups,
      seconds: this.#seconds(),
    })
  }

  #started(): ImportStarted {
    const { mapping } = this.options
    const { name, bytes, sha256 } = this.file
    return {
      type: 'ImportStarted',
      data: {
        source: mapping.source,
        recordType: mapping.recordType,
        file: { name, bytes, sha256 },
        mapping: {
          sha256: createHash('sha256').update(JSON.stringify(mapping)).digest('hex'),
          timeZone: mapping.time.zone,
          precision: mapping.time.precision,
          rowOrder: mapping.rowOrder,
          numbers: mapping.number.policy,
        },
        until: this.#until,
      },
    }
  }

  async #importBatch(batch: readonly SourceRow[]): Promise<void> {
    const wanted = new Map<ImportedRecord, ObservedRow[]>()
    // Of a record there is one object in a batch, whatever is kept: a second would not know what the first is about to do.
    const met = new Map<string, ImportedRecord>()
    for (const source of batch) {
      this.#tally.rows++
      const row = this.#identify(source)
      if (row === undefined) continue
      const found = met.get(row.externalId) ?? this.#records.get(row.externalId)
      const record = found instanceof Promise ? await found : found
      met.set(row.externalId, record)
      if (record.commands.has(row.commandId)) {
        this.#tally.known++
        continue
      }
      const observed = this.#observe(row)
      if (observed === undefined) continue
      const others = wanted.get(record)
      if (others) others.push(observed)
      else wanted.set(record, [observed])
    }
    if (wanted.size > 0) await (await this.#readyWriter(wanted)).write(wanted)
  }

  #identify(source: SourceRow): IdentifiedRow | undefined {
    const { row } = source
    if ('unreadable' in source) return this.#reject(row, source.unreadable)
    const { cells } = source
    try {
      const identity = this.#identity.of(cells)
      const externalId = this.#mapping.externalId(cells, identity)
      const { hash, ordinal } = identity
      const { store, source } = this.#context
      const commandId = derivedId('import-row', store.logId, source, externalId, hash, ordinal)
      return { row, cells, externalId, commandId }
    } catch (error) {
      if (error instanceof UnusableRow) return this.#reject(row, error.message)
      throw error
    }
  }

  /** Undefined: the row can't be used, or is not wanted. */
  #observe({ row, cells, externalId, commandId }: IdentifiedRow): ObservedRow | undefined {
    try {
      if (this.#isLater(externalId, cells)) {
        this.#tally.later++
        return undefined
      }
      const reading = this.#mapping.read(cells)
      const { actor, run, source } = this.#context
      return {
        ...reading,
        row,
        metadata: {
          actor: actor.id,
          attributedTo: reading.attributedTo,
          channel: 'import',
          occurredAt: reading.occurredAt,
          commandId,
          keyed: false,
          correlationId: run,
          source: { name: source, externalId, row, run },
        },
      }
    } catch (error) {
      if (error instanceof UnusableRow) return this.#reject(row, error.message, externalId)
      throw error
    }
  }

  /**
   * A row is in force no earlier than the rows of its record that stand above it. So the rows that one run leaves out are
   * a record's last ones, and the next run adds them in their order.
   */
  #isLater(externalId: string, cells: readonly string[]): boolean {
    const until = this.#until
    if (until === undefined) return false
    if (this.#ended.has(externalId)) return true
    const later = this.#mapping.occurredAt(cells) > until
    if (later) this.#ended.add(externalId)
    return later
  }

  #reject(row: number, reason: string, externalId?: string): undefined {
    this.#tally.reject(row, reason)
    this.#runStream.reject({ row, reason, externalId })
    return undefined
  }

  /** Only a row that is imported says since when the source's matrix was in use. */
  async #readyWriter(wanted: ReadonlyMap<ImportedRecord, readonly ObservedRow[]>): Promise<RowWriter> {
    if (this.#writer) return this.#writer
    const { priorityMatrix, namespaces } = this.options.mapping
    if (priorityMatrix !== undefined) {
      const [[first]] = [...wanted.values()] as [[ObservedRow]]
      const published = await publishMatrix(this.#context, this.#facts, priorityMatrix, first.occurredAt)
      this.#matrixVersion = published.version
      this.#matrixReplaced = published.replaced
      this.#tally.events += published.events
    }
    this.#writer = new RowWriter(
      this.#context,
      this.#records,
      new DirectoryEntries(this.#context, namespaces),
      this.#facts,
      {
        imported: (number, events) => this.#tally.imported(number, events),
        known: () => this.#tally.known++,
        rejected: ({ row, metadata }, reason) => this.#reject(row, reason, metadata.source?.externalId),
        registered: (people, groups) => this.#tally.registered(people, groups),
      },
      this.#matrixVersion,
      this.options.mapping.rowOrder,
    )
    return this.#writer
  }

  async #activate(): Promise<void> {
    const count = (activated: number) => {
      this.#tally.activated = activated
    }
    const activated = await activateRecords(this.#context, count, this.options.signal)
    const { source } = this.#context
    await this.#runStream.tell({ type: 'ImportActivated', data: { source, activated } })
  }

  #progress(): void {
    const { rows, events } = this.#tally
    const seconds = this.#seconds()
    const bytesRead = this.rows.bytesRead()
    const { bytes } = this.file
    this.options.onProgress?.({
      rows,
      events,
      bytesRead,
      bytes,
      rowsPerSecond: rows / seconds,
      secondsLeft: bytesRead === 0 ? 0 : (seconds * (bytes - bytesRead)) / bytesRead,
    })
  }

  #seconds(): number {
    return Math.max(0.001, (this.#context.clock() - this.#startedAt) / 1_000)
  }
}
