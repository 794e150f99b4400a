import { finished } from 'node:stream/promises'
import { type BlobStore, DamagedBlob } from '#libs/blob-store'
import { LOG_START, NotFound, type RecordedEvent, Unavailable } from '#libs/event-sourcing'
import type { EventStore, LogFinding } from '#libs/event-store'
import { CONTENT_EVENT_TYPES } from '../event-catalog.js'

const PAGE = 1_000
const MOST_FINDINGS = 20

export interface AttachmentsChecked {
  /** Times that an event names content. */
  readonly named: number
  /** Of them, how often the content is not there, or is another. */
  readonly faulty: number
  /** The first 20 of those. */
  readonly findings: readonly LogFinding[]
}

type NamingEvent = RecordedEvent<{ type: string; data: { hash: string } }>

/**
 * Reads all content that the events of a log name, as a stream, and tells what is missing, damaged or unreadable, with the stream
 * whose record lacks it. Content that several events name is read once: some 100 bytes are kept of each. What no event names
 * is not looked at.
 * @param onProgress called after each event that names content
 * @throws Unavailable when a store is away
 */
export async function checkAttachments(
  store: EventStore,
  blobs: Pick<BlobStore, 'get'>,
  onProgress?: (done: number, of: number) => void,
): Promise<AttachmentsChecked> {
  let counted = 0
  for await (const page of namingEvents(store)) counted += page.length
  const faults = new Map<string, Fault | undefined>()
  const findings: LogFinding[] = []
  let named = 0
  let faulty = 0
  for await (const page of namingEvents(store)) {
    for (const { stream, data } of page) {
      if (!faults.has(data.hash)) faults.set(data.hash, await faultOf(data.hash, blobs))
      const fault = faults.get(data.hash)
      if (fault !== undefined && ++faulty <= MOST_FINDINGS)
        findings.push({ rule: fault.rule, message: `stream ${stream} names ${data.hash}${fault.told}` })
      named++
      onProgress?.(named, Math.max(counted, named))
    }
  }
  return { named, faulty, findings }
}

async function* namingEvents(store: EventStore): AsyncGenerator<NamingEvent[]> {
  let after = LOG_START
  for (let end = false; !end; ) {
    const page = await store.readAll({ after, limit: PAGE, types: CONTENT_EVENT_TYPES })
    yield page.events as NamingEvent[]
    after = page.position
    end = page.end
  }
}

/** What is wrong with content; `told` ends a sentence that names it. */
interface Fault {
  readonly rule: string
  readonly told: string
}

async function faultOf(hash: string, blobs: Pick<BlobStore, 'get'>): Promise<Fault | undefined> {
  try {
    const content = await blobs.get(hash)
    await finished(content.resume())
    return undefined
  } catch (error) {
    if (error instanceof Unavailable) throw error
    if (error instanceof NotFound) return { rule: 'ATTACHMENT.MISSING', told: ', which is not there' }
    if (error instanceof DamagedBlob)
      return { rule: 'ATTACHMENT.DAMAGED', told: ', whose content is another now' }
    return { rule: 'ATTACHMENT.UNREADABLE', told: `: ${(error as Error).message}` }
  }
}
