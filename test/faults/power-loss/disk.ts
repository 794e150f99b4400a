import type { FileOperation } from './system-calls.js'

/** What a power failure can leave half written. */
const SECTOR = 512

type Change = Extract<FileOperation, { kind: 'write' | 'truncate' }>

/** A file's content, apart from its name: what is on the disk, and what was written since the last sync. */
interface Content {
  durable: Buffer
  pending: Change[]
}

interface Renaming {
  path: string
  /** Undefined: the name is gone. */
  content: Content | undefined
}

/**
 * A disk that keeps of what was not yet synced whatever it likes. A file's content is safe once the file was synced,
 * its name once the folder was (POSIX promises no more); what was synced later than its neighbours may arrive earlier.
 */
export class Disk {
  readonly #names = new Map<string, Content>()
  readonly #durableNames = new Map<string, Content>()
  #pendingNames: Renaming[] = []

  /** @param folder where all files are */
  constructor(private readonly folder: string) {}

  apply(operation: FileOperation): void {
    switch (operation.kind) {
      case 'create':
        if (!this.#names.has(operation.path)) {
          this.#rename(operation.path, { durable: Buffer.alloc(0), pending: [] })
        }
        break
      case 'unlink':
        this.#rename(operation.path, undefined)
        break
      case 'write':
      case 'truncate':
        this.#content(operation.path).pending.push(operation)
        break
      case 'sync':
        if (operation.path === this.folder) this.#syncNames()
        else syncContent(this.#content(operation.path))
        break
      case 'output':
        break
    }
  }

  /**
   * The files after the power failed now.
   * @param random gives numbers from 0 to 1, which decide what of the unsynced reached the disk
   */
  afterPowerLoss(random: () => number): Map<string, Buffer> {
    const kept = keptShare(random)
    const names = new Map(this.#durableNames)
    for (const renaming of this.#pendingNames) if (random() < kept) rename(names, renaming)
    const files = new Map<string, Buffer>()
    for (const [path, { durable, pending }] of names) {
      const arrived = pending.flatMap((change) => survivors(change, kept, random))
      files.set(path, image(durable, arrived))
    }
    return files
  }

  #content(path: string): Content {
    const content = this.#names.get(path)
    if (content === undefined) throw new Error(`${path} was not created during the record`)
    return content
  }

  #rename(path: string, content: Content | undefined): void {
    const renaming = { path, content }
    rename(this.#names, renaming)
    this.#pendingNames.push(renaming)
  }

  #syncNames(): void {
    for (const renaming of this.#pendingNames) rename(this.#durableNames, renaming)
    this.#pendingNames = []
  }
}

function rename(names: Map<string, Content>, { path, content }: Renaming): void {
  if (content === undefined) names.delete(path)
  else names.set(path, content)
}

function syncContent(content: Content): void {
  content.durable = image(content.durable, content.pending)
  content.pending = []
}

/** How much of the unsynced arrives this time: nothing, everything, or any share. */
function keptShare(random: () => number): number {
  const choice = random()
  if (choice < 0.25) return 0
  if (choice < 0.35) return 1
  return random()
}

/** What of a change reached the disk: all, some of its sectors, or nothing. */
function survivors(change: Change, kept: number, random: () => number): Change[] {
  const whole = random() < kept
  if (whole) return [change]
  const torn = change.kind === 'write' && kept > 0 && random() < 0.5
  return torn ? sectors(change).filter(() => random() < 0.5) : []
}

function sectors(change: Extract<Change, { kind: 'write' }>): Change[] {
  const pieces: Change[] = []
  const { offset, data } = change
  for (let start = 0; start < data.length; ) {
    const end = Math.min(data.length, start + SECTOR - ((offset + start) % SECTOR))
    pieces.push({ ...change, offset: offset + start, data: data.subarray(start, end) })
    start = end
  }
  return pieces
}

/** The content after changes, which are applied in order. */
function image(durable: Buffer, changes: readonly Change[]): Buffer {
  const end = (change: Change) =>
    change.kind === 'truncate' ? change.length : change.offset + change.data.length
  const space = Buffer.alloc(Math.max(durable.length, ...changes.map(end)))
  durable.copy(space)
  let length = durable.length
  for (const change of changes) {
    if (change.kind === 'truncate') {
      space.fill(0, change.length)
      length = change.length
    } else {
      change.data.copy(space, change.offset)
      length = Math.max(length, end(change))
    }
  }
  return space.subarray(0, length)
}
