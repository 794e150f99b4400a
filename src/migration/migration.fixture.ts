import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { type FolderBlobStore, openFolderBlobStore } from '#libs/blob-store/folder'
import { derivedId, type NewEvent } from '#libs/event-sourcing'
import { openSqliteEventStore } from '#libs/event-store/sqlite'

/** An embedded log with its attachments, as a server leaves it. */
export interface EmbeddedLog {
  readonly log: string
  readonly blobs: string
  readonly logId: string
  readonly attachments: FolderBlobStore
  /** Appends to these streams in turn, a few events each, as a server that runs would. */
  grow(appends: number): Promise<void>
  attach(content: string): Promise<string>
  dispose(): void
}

const STREAMS = 7

/** Times rise by a minute with each commit, and lie years back. */
export async function embeddedLog(): Promise<EmbeddedLog> {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-migration-'))
  const [log, blobs] = [join(folder, 'log.db'), join(folder, 'blobs')]
  let now = Date.parse('2019-03-01T08:00:00Z')
  const clock = () => {
    now += 60_000
    return now
  }
  const attachments = openFolderBlobStore(blobs)
  const revisions = new Map<string, number>()
  let appends = 0
  const born = await openSqliteEventStore({ file: log, clock })
  const { logId } = born
  await born.close()
  return {
    log,
    blobs,
    logId,
    attachments,
    async grow(count) {
      const store = await openSqliteEventStore({ file: log, clock })
      try {
        for (const end = appends + count; appends < end; appends++) {
          const stream = `incident-INC${String(appends % STREAMS).padStart(7, '0')}`
          const revision = revisions.get(stream) ?? -1
          const events = Array.from({ length: 1 + (appends % 3) }, (_, index) =>
            event(stream, revision + 1 + index),
          )
          const expectedRevision = revision < 0 ? ('noStream' as const) : revision
          const outcome = await store.append({ stream, expectedRevision, events })
          if (outcome.kind !== 'appended') throw new Error(`not appended: ${outcome.kind}`)
          revisions.set(stream, outcome.last.revision)
        }
        await store.setStreamMetadata('policy-auto-close', { startedAfter: await store.head(), begun: true })
      } finally {
        await store.close()
      }
    },
    async attach(content) {
      return (await attachments.put(Readable.from([Buffer.from(content)]), 1_000_000)).hash
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function event(stream: string, revision: number): NewEvent {
  const id = derivedId('migration', stream, revision)
  return {
    id,
    type: revision === 0 ? 'IncidentOpened' : 'CommentAdded',
    data: {
      text: `Grüße ${'ä'.repeat(revision % 50)}`,
      revision,
      nested: { null: null, list: [1, 2.5, true] },
    },
    metadata: {
      actor: 'ann',
      channel: 'api',
      occurredAt: '2018-12-24T10:00:00.123Z',
      commandId: id,
      correlationId: id,
      schemaVersion: 1,
    },
  }
}
