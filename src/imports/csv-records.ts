import { pipeline, type Readable } from 'node:stream'
import { type CsvError, type Parser, parse } from 'csv-parse'
import type { ImportMapping } from './mapping.js'

/** Cells of a record, or why it can't be read. */
export type CsvRecord = readonly string[] | { readonly unreadable: string }

type Format = ImportMapping['format']

/**
 * Records of a file that quotes: RFC 4180; a quotation mark where none belongs stays as it is. Some at a time, in the
 * file's order; empty lines are none.
 */
export async function* quotedRecords(
  content: Readable,
  { delimiter, quote, encoding }: Format,
): AsyncGenerator<CsvRecord[], void, undefined> {
  // The parser runs ahead of its reader: a record that it skips stands after as many good ones as it had seen by then.
  const skipped: { after: number; unreadable: string }[] = []
  const parser: Parser = parse({
    delimiter,
    quote,
    encoding,
    bom: true,
    skip_empty_lines: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_records_with_error: true,
    on_skip: (error: CsvError | undefined) => {
      skipped.push({ after: parser.info.records, unreadable: error?.message ?? 'cannot be read' })
      return undefined
    },
  })
  let good = 0
  for await (const cells of pipeline(content, parser, () => {}) as AsyncIterable<string[]>) {
    while (skipped.length > 0 && skipped[0]!.after <= good) yield [skipped.shift()!]
    yield [cells]
    good++
  }
  yield skipped
}

const LINE_FEED = 10

/**
 * Records of a file that quotes nothing, so that a line is a record and a delimiter always delimits: there is nothing to
 * parse, and the parser would be a tenth of an import's time. For encodings in which a line feed is one byte, and that
 * byte nothing else. Each line becomes a text of its own: a cell that is kept keeps no more than its line in memory.
 */
export async function* unquotedRecords(
  content: Readable,
  { delimiter, encoding }: Format,
): AsyncGenerator<CsvRecord[], void, undefined> {
  let rest: Buffer = Buffer.alloc(0)
  let first = true
  const record = (bytes: Buffer, start: number, end: number): CsvRecord | undefined => {
    const line = bytes.toString(encoding, start, end).replace(first ? /^\uFEFF|\r$/g : /\r$/, '')
    first = false
    return line === '' ? undefined : line.split(delimiter)
  }
  for await (const chunk of content) {
    const bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const records: CsvRecord[] = []
    let start = 0
    for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
      const cells = record(bytes, start, end)
      if (cells !== undefined) records.push(cells)
      start = end + 1
    }
    rest = bytes.subarray(start)
    yield records
  }
  const last = record(rest, 0, rest.length)
  if (last !== undefined) yield [last]
}
