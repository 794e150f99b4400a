import type { BlobStore } from '#libs/blob-store'
import { openFolderBlobStore } from '#libs/blob-store/folder'
import { LOG_START, type Position, Refused } from '#libs/event-sourcing'
import {
  type EventStoreDbEventStore,
  type EventStoreDbOptions,
  openEventStoreDb,
} from '#libs/event-store/eventstoredb'
import {
  openSqliteEventStore,
  type SqliteEventStore,
  sealLog,
  sealTarget,
  unsealLog,
} from '#libs/event-store/sqlite'
import { type BlobsCopied, copyBlobs } from './copy-blobs.js'
import { copyLog } from './copy-log.js'
import { type Verification, verifyCopy } from './verify-copy.js'

export interface MigrationOptions {
  from: {
    /** The log's file, and the folder of its attachments. */
    log: string
    blobs: string
    /** Up to where a policy (`policy-<name>`) has handled the log; undefined: nobody knows. */
    handledUpTo?(policy: string): Promise<Position | undefined>
  }
  to: Pick<EventStoreDbOptions, 'url' | 'namespace'> & { blobs: BlobStore }
  signal?: AbortSignal
  onProgress?(progress: MigrationProgress): void
  /** What else the new log needs; done when the copy is equal, and before anybody can open it. May be done again. */
  beforeOpening?(): Promise<void>
}

export interface MigrationProgress {
  readonly step: 'copying' | 'comparing' | 'comparing streams'
  /** Events, or streams, done of so many. */
  readonly done: number
  readonly of: number
}

export interface MigrationReport extends Verification {
  readonly logId: string
  readonly attachments: BlobsCopied
  /** It was complete before; this run has only compared. */
  readonly repeated: boolean
}

/**
 * Moves a log and its attachments from the embedded shape to the scale-out shape. While the log is still being written to it
 * is brought level; then it is sealed, so that nothing can follow, and copied to its end. May be killed anywhere and run
 * again. Nobody can open the copy before it was found equal.
 * @throws Refused `LOG.FOREIGN`, `LOG.NOT_A_COPY`, `MIGRATION.OTHER_TARGET`, `MIGRATION.TARGET_DIFFERS`, `MIGRATION.NOT_EQUAL`; Unavailable; UnsuitableLog
 */
export async function migrate(options: MigrationOptions): Promise<MigrationReport> {
  return withBoth(options, (source, target) =>
    target.migrated ? compareAgain(source, target, options) : copy(source, target, options),
  )
}

async function withBoth<Result>(
  { from, to }: Pick<MigrationOptions, 'from' | 'to'>,
  work: (source: SqliteEventStore, target: EventStoreDbEventStore) => Promise<Result>,
  begin = true,
): Promise<Result> {
  // The stored form is copied, so neither side upcasts.
  const source = await openSqliteEventStore({ file: from.log, readOnly: true })
  try {
    const sealedFor = await sealTarget(from.log)
    if (sealedFor !== undefined && sealedFor !== to.namespace) throw otherTarget(sealedFor)
    const copyOf = await source.head()
    const { blobs: _, ...server } = to
    const target = await openEventStoreDb({ ...server, logId: source.logId, copyOf, begin })
    try {
      return await work(source, target)
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** Two targets could both be completed, or one of them and the log opened again: two logs of one id. */
function otherTarget(sealedFor: string): Refused {
  return new Refused(
    'MIGRATION.OTHER_TARGET',
    `The log was sealed to be moved to namespace ${sealedFor}: set LEDGERDESK_NAMESPACE=${sealedFor} and the server that holds it, ` +
      'and run "ledgerdesk migrate" to its end, or with --give-up',
  )
}

/**
 * Gives a copy up that is not complete: the log is open again. The copy is left where it is, and nobody can open it.
 * @throws Refused `MIGRATION.COMPLETE`: from then on there would be two logs of one id; `MIGRATION.OTHER_TARGET` when the log was
 *   sealed for another one, so that nobody knows whether that is complete; Unavailable; UnsuitableLog
 */
export async function giveUp({ from, to }: Pick<MigrationOptions, 'from' | 'to'>): Promise<void> {
  const open = async (_: SqliteEventStore, target: EventStoreDbEventStore) => {
    if (!target.migrated) return unsealLog(from.log, to.namespace)
    const message =
      'The copy is complete and may be in use: to go back all the same, restore a backup of the data folder'
    throw new Refused('MIGRATION.COMPLETE', message)
  }
  await withBoth({ from, to }, open, false).catch(async (error) => {
    if (!(error instanceof Refused && error.code === 'LOG.MISSING')) throw error
    // The namespace of that name on another server, or there was never anything to give up.
    const sealedFor = await sealTarget(from.log)
    if (sealedFor !== undefined) throw otherTarget(sealedFor)
  })
}

async function copy(
  source: SqliteEventStore,
  target: EventStoreDbEventStore,
  { from, to, signal, onProgress, beforeOpening }: MigrationOptions,
): Promise<MigrationReport> {
  const bringLevel = async () => {
    const of = Number(await source.head())
    const tell = (done: number) => onProgress?.({ step: 'copying', done, of: Math.max(done, of) })
    await copyLog(source, target, { signal, onProgress: tell })
    return copyBlobs(openFolderBlobStore(from.blobs), to.blobs, signal)
  }
  await bringLevel()
  signal?.throwIfAborted()
  await sealLog(
    from.log,
    `This log was moved to EventStoreDB, namespace ${to.namespace}: send the request to a server of that one; ` +
      `to start such a server, set LEDGERDESK_EVENTSTORE_URL, LEDGERDESK_MONGODB_URL and LEDGERDESK_NAMESPACE=${to.namespace}`,
    to.namespace,
  )
  const attachments = await bringLevel()
  const verified = await compare(source, target, { signal, onProgress })
  if (verified.findings.length > 0) {
    await unsealLog(from.log, to.namespace)
    throw new Refused(
      'MIGRATION.NOT_EQUAL',
      `The copy is not equal, and nobody can open it; the log itself is as it was, and open again:\n  ${verified.findings.join('\n  ')}`,
    )
  }
  await copyMetadata(source, target, verified.positions, from)
  await beforeOpening?.()
  await target.completeMigration(verified.positions)
  return { ...verified, logId: source.logId, attachments, repeated: false }
}

/** A complete copy is in use: only the part that was copied can be compared. */
async function compareAgain(
  source: SqliteEventStore,
  target: EventStoreDbEventStore,
  { from, to, signal, onProgress }: MigrationOptions,
): Promise<MigrationReport> {
  const attachments = await copyBlobs(openFolderBlobStore(from.blobs), to.blobs, signal)
  const verified = await compare(source, target, { signal, onProgress }, target.migrated!.count)
  return { ...verified, logId: source.logId, attachments, repeated: true }
}

async function compare(
  source: SqliteEventStore,
  target: EventStoreDbEventStore,
  { signal, onProgress }: Pick<MigrationOptions, 'signal' | 'onProgress'>,
  count?: number,
): Promise<Verification> {
  const of = Number(await source.head())
  return verifyCopy(source, target, {
    count,
    signal,
    onProgress: (done, unit, streams) =>
      onProgress?.(
        unit === 'events'
          ? { step: 'comparing', done, of }
          : { step: 'comparing streams', done, of: streams! },
      ),
  })
}

/** Policies keep there where they began, and how far they came. Positions in it are those of the log. */
async function copyMetadata(
  source: SqliteEventStore,
  target: EventStoreDbEventStore,
  positions: readonly Position[],
  { handledUpTo }: MigrationOptions['from'],
): Promise<void> {
  const current = (value: unknown) =>
    typeof value === 'string' && /^\d{20}$/.test(value) && value !== LOG_START
      ? (positions[Number(value) - 1] ?? value)
      : value
  for (const stream of await source.streamsWithMetadata()) {
    const metadata = { ...(await source.getStreamMetadata(stream)), handledUpTo: await handledUpTo?.(stream) }
    const translated = Object.entries(metadata).map(([name, value]) => [name, current(value)])
    await target.setStreamMetadata(stream, Object.fromEntries(translated))
  }
}
