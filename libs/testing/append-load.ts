import { randomUUID } from 'node:crypto'
import { writeSync } from 'node:fs'
import type { NewEvent } from '#libs/event-sourcing'
import { LogWriteBack, openSqliteEventStore } from '#libs/event-store/sqlite'

/**
 * A program: one more process that writes to a log, for tests of several writers, of kills and of power loss.
 * It says by unbuffered lines on standard output what it was told by the store.
 */
export interface AppendLoad {
  /** The log's file; or else a server. */
  file?: string
  server?: { url: string; namespace: string }
  /** Streams are `<prefix><n>`; several processes with one prefix compete for them. */
  prefix: string
  appends: number
  /** Appends under way at a time: one number, or the largest of a row of rising and falling numbers. */
  concurrency: number
  /** Length of each event's text. */
  textLength?: number
  /** Take numbers (`appendNumbered`) instead of counting. */
  numbered?: boolean
  unsafeSynchronous?: 'NORMAL' | 'OFF'
  /** Writes the WAL back so often, as the server's upkeep does, milliseconds. */
  writeBackMs?: number
}

/** A line of the program's output: an append the store has acknowledged, or a stream that somebody else had. */
export interface Acknowledgement {
  kind: 'appended' | 'conflict'
  stream: string
  /** Of the last event; absent on a conflict. */
  id?: string
  position?: string
  /** From the call to the answer. */
  milliseconds: number
}

async function main(load: AppendLoad): Promise<void> {
  const store = load.server
    ? await (await import('#libs/event-store/eventstoredb')).openEventStoreDb(load.server)
    : await openSqliteEventStore({ file: load.file!, unsafeSynchronous: load.unsafeSynchronous })
  const writeBack = new LogWriteBack(load.file ?? '')
  const writingBack = load.writeBackMs && setInterval(() => writeBack.run(), load.writeBackMs)
  const series = { streamPrefix: load.prefix, format: (n: number) => `N${n}` }
  const events = (): NewEvent[] => [newEvent(load.textLength ?? 300), newEvent(load.textLength ?? 300)]

  async function append(n: number): Promise<void> {
    const start = performance.now()
    const outcome = load.numbered
      ? await store.appendNumbered({ series, events })
      : await store.append({ stream: `${load.prefix}${n}`, expectedRevision: 'noStream', events: events() })
    const milliseconds = performance.now() - start
    if (outcome.kind === 'appended') {
      const { stream, id, position } = outcome.events.at(-1)!
      acknowledge({ kind: 'appended', stream, id, position, milliseconds })
    } else if (outcome.kind === 'conflict') {
      acknowledge({ kind: 'conflict', stream: `${load.prefix}${n}`, milliseconds })
    } else {
      throw new Error(`Unexpected outcome ${outcome.kind}`)
    }
  }

  for (let n = 0; n < load.appends; ) {
    const size = Math.min(1 + (n % load.concurrency), load.appends - n)
    await Promise.all(Array.from({ length: size }, (_, i) => append(n + i)))
    n += size
  }
  clearInterval(writingBack || undefined)
  writeBack.close()
  await store.close()
}

function newEvent(textLength: number): NewEvent {
  return {
    id: randomUUID(),
    type: 'Loaded',
    data: { text: 'x'.repeat(textLength) },
    metadata: {
      actor: 'load',
      channel: 'api',
      occurredAt: new Date().toISOString(),
      commandId: randomUUID(),
      correlationId: randomUUID(),
      schemaVersion: 1,
    },
  }
}

function acknowledge(line: Acknowledgement): void {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

await main(JSON.parse(process.argv[2]!))
