import { createHash } from 'node:crypto'
import { createReadStream, type ReadStream, type Stats } from 'node:fs'
import { access, constants, open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { pipeline, type Readable, Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { InvalidInput } from '#libs/event-sourcing'
import { type CsvRecord, quotedRecords, unquotedRecords } from './csv-records.js'
import type { ImportMapping } from './mapping.js'

/** A row of the file, by its number from 1; the header is not counted. */
export type SourceRow =
  | { readonly row: number; readonly cells: readonly string[] }
  | { readonly row: number; readonly unreadable: string }

export interface SourceFile {
  /** Without its folder. */
  readonly name: string
  readonly bytes: number
  /** SHA-256 (hex) of the bytes as they lie there, compressed or not. */
  readonly sha256: string
  readonly compressed: boolean
}

export interface OpenedRows {
  /** Names of the columns, in the file's order. */
  readonly header: readonly string[]
  /** Bytes of the file read so far. */
  bytesRead(): number
  /** All rows, in the file's order, at most `size` at a time. Can be walked once. */
  batches(size: number): AsyncGenerator<readonly SourceRow[], void, undefined>
  close(): void
}

/**
 * To be asked before anything is begun for an import.
 * @param kind what it has to be
 * @throws InvalidInput `IMPORT.FILE_UNREADABLE`
 */
export async function requireReadable(path: string, kind: 'file' | 'folder'): Promise<void> {
  let found: Stats
  try {
    await access(path, constants.R_OK)
    found = await stat(path)
  } catch (error) {
    throw unreadable(`${path} cannot be read: ${(error as Error).message}`)
  }
  if (found.isDirectory() !== (kind === 'folder'))
    throw unreadable(`${path} is ${kind === 'file' ? 'a folder' : 'a file'}: the mapping wants a ${kind}`)
}

/**
 * Looks at a file before it is imported.
 * @throws InvalidInput `IMPORT.FILE_UNREADABLE`
 */
export async function inspectFile(path: string): Promise<SourceFile> {
  try {
    const { size } = await stat(path)
    const digest = createHash('sha256')
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK })) digest.update(chunk)
    return { name: basename(path), bytes: size, sha256: digest.digest('hex'), compressed: await isGzip(path) }
  } catch (error) {
    throw unreadable(`${path} cannot be read: ${(error as Error).message}`)
  }
}

const CHUNK = 256 * 1024

/** The first two bytes of RFC 1952; a name says less. */
async function isGzip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer.readUInt16BE() === 0x1f8b
  } finally {
    await file.close()
  }
}

/**
 * Opens a CSV file (RFC 4180, with the mapping's delimiter and quote; gzip or not) as a stream of rows.
 * @throws InvalidInput `IMPORT.FILE_UNREADABLE` when it has no header, or names a column twice
 */
export async function openRows(
  path: string,
  { compressed }: Pick<SourceFile, 'compressed'>,
  format: ImportMapping['format'],
): Promise<OpenedRows> {
  const file = createReadStream(path, { highWaterMark: CHUNK })
  const isPlain = format.quote === null && format.encoding !== 'utf16le'
  const records = isPlain ? unquotedRecords : quotedRecords
  const encoding = new EncodingCheck()
  const content = contentOf(file, compressed)
  const checked = format.encoding === 'utf8' ? encoding.of(content) : content
  const walk = numbered(records(checked, format))
  try {
    const first = await walk.next()
    const names = first.done || 'unreadable' in first.value ? [] : first.value.cells
    const header = format.repeatedColumns === 'number' ? numberedNames(names) : names
    requireHeader(header)
    return {
      header,
      bytesRead: () => file.bytesRead,
      batches: (size) => inBatches(walk, (row) => encoding.judged(withColumns(row, header.length)), size),
      close: () => file.destroy(),
    }
  } catch (error) {
    file.destroy()
    throw error
  }
}

function requireHeader(header: readonly string[]): void {
  if (header.length === 0) throw unreadable('The file has no header with the names of its columns.')
  const twice = header.filter((name, index) => header.indexOf(name) < index)
  if (twice.length > 0)
    throw unreadable(
      `The header names ${twice.join(', ')} more than once: tell them apart there, or by format: { repeatedColumns: number } in the mapping.`,
    )
}

/** `a, b, a` → `a, b, a (2)` */
function numberedNames(names: readonly string[]): string[] {
  return names.map((name, index) => {
    const before = names.slice(0, index).filter((other) => other === name).length
    return before === 0 ? name : `${name} (${before + 1})`
  })
}

/** The bytes of the text; an error of the file or its compression ends them, as an error. */
function contentOf(file: ReadStream, compressed: boolean): Readable {
  return compressed ? pipeline(file, createGunzip({ chunkSize: CHUNK }), () => {}) : file
}

/** The header is row 0. */
async function* numbered(
  records: AsyncGenerator<CsvRecord[], void, undefined>,
): AsyncGenerator<SourceRow, void, undefined> {
  let row = 0
  try {
    for await (const some of records) {
      for (const record of some) {
        yield 'unreadable' in record ? { row, unreadable: record.unreadable } : { row, cells: record }
        row++
      }
    }
  } catch (error) {
    throw unreadable(`The file is damaged after row ${row - 1}: ${(error as Error).message}`)
  }
}

async function* inBatches(
  walk: AsyncIterator<SourceRow>,
  judged: (row: SourceRow) => SourceRow,
  size: number,
): AsyncGenerator<readonly SourceRow[], void, undefined> {
  let batch: SourceRow[] = []
  for (let next = await walk.next(); !next.done; next = await walk.next()) {
    batch.push(judged(next.value))
    if (batch.length >= size) {
      yield batch
      batch = []
    }
  }
  if (batch.length > 0) yield batch
}

function withColumns(source: SourceRow, columns: number): SourceRow {
  if ('unreadable' in source || source.cells.length === columns) return source
  return { row: source.row, unreadable: `has ${source.cells.length} columns, not ${columns}` }
}

/** What a decoder puts where bytes are no character; a text may have it of its own. */
const REPLACEMENT = '\ufffd'

/** Notices that a file is not in UTF-8, as which it is read: a letter that is lost must not pass for the source's. */
class EncodingCheck {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #isBroken = false

  /** The same bytes. */
  of(content: Readable): Readable {
    const check = new Transform({
      transform: (bytes: Buffer, _, done) => {
        this.#see(bytes)
        done(null, bytes)
      },
      flush: (done) => {
        this.#see(undefined)
        done()
      },
    })
    return pipeline(content, check, () => {})
  }

  /** @param bytes undefined: there are no more */
  #see(bytes: Buffer | undefined): void {
    if (this.#isBroken) return
    try {
      this.#decoder.decode(bytes, { stream: bytes !== undefined })
    } catch {
      this.#isBroken = true
    }
  }

  /** A row of a file in which bytes were no characters, and that shows some, is not what the source has. */
  judged(source: SourceRow): SourceRow {
    if (!this.#isBroken || 'unreadable' in source) return source
    if (!source.cells.some((cell) => cell.includes(REPLACEMENT))) return source
    return {
      row: source.row,
      unreadable: 'is not in UTF-8: say format: { encoding: latin1 } in the mapping, or what it is',
    }
  }
}

function unreadable(message: string): InvalidInput {
  return new InvalidInput('IMPORT.FILE_UNREADABLE', message)
}
