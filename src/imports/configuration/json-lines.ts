import { createReadStream } from 'node:fs'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { InvalidInput } from '#libs/event-sourcing'
import { inspectFile, type SourceFile } from '../source-file.js'

/** A line, by its number from 1. */
export type JsonRow =
  | { readonly row: number; readonly value: Readonly<Record<string, unknown>> }
  | { readonly row: number; readonly unreadable: string }

export interface JsonLines {
  readonly file: SourceFile
  /** Bytes of the file read so far. */
  bytesRead(): number
  /** All rows in the file's order. Can be walked once. */
  rows(): AsyncGenerator<JsonRow, void, undefined>
  close(): void
}

/**
 * Opens a file of JSON lines (an object a line), gzip or not.
 * @throws InvalidInput `IMPORT.FILE_UNREADABLE`
 */
export async function openJsonLines(path: string): Promise<JsonLines> {
  const file = await inspectFile(path)
  const stream = createReadStream(path)
  // Whoever walks the rows is told; nobody may, when another file is missing
  stream.on('error', () => {})
  return {
    file,
    bytesRead: () => stream.bytesRead,
    rows: () => rowsOf(path, file.compressed ? pipeline(stream, createGunzip(), () => {}) : stream),
    close: () => stream.destroy(),
  }
}

async function* rowsOf(path: string, content: Readable): AsyncGenerator<JsonRow, void, undefined> {
  let row = 0
  try {
    for await (const line of linesOf(content)) {
      row++
      if (line.trim() !== '') yield parsed(row, line)
    }
  } catch (error) {
    throw new InvalidInput(
      'IMPORT.FILE_UNREADABLE',
      `${path} is damaged after row ${row}: ${(error as Error).message}`,
    )
  }
}

/** By hand, since an error of the stream does not reach who walks the lines of `node:readline`. */
async function* linesOf(content: Readable): AsyncGenerator<string, void, undefined> {
  let rest = ''
  for await (const chunk of content.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    yield* lines
  }
  if (rest !== '') yield rest
}

function parsed(row: number, line: string): JsonRow {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { row, value: value as Record<string, unknown> }
    return { row, unreadable: 'is no JSON object' }
  } catch (error) {
    return { row, unreadable: `is no JSON: ${(error as Error).message}` }
  }
}
