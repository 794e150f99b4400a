import { pipeline, type Readable } from 'node:stream'
import { type CsvError, type Parser, parse } from 'csv-parse'
import type { ImportMapping } from './mapping.js'

/** Cells of a record, or why it can't be read. */
export type CsvRecord = readonly string[] | { readonly unreadable: string }

type Format = ImportMapping['format']

/** Records of a file that quotes: RFC 4180. Some at a time, in the file's order; empty lines are none. */
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

/**
 * Records of a file that quotes nothing, so that a line is a record and a delimiter always delimits: there is nothing to
 * parse, and the parser would be a tenth of an import's time.
 */
export async function* unquotedRecords(
  content: Readable,
  { delimiter, encoding }: Format,
): AsyncGenerator<CsvRecord[], void, undefined> {
  // A decoder's own BOM handling: the mark is no part of the first column's name.
  const decoder = new TextDecoder(
    encoding === 'utf8' ? 'utf-8' : encoding === 'utf16le' ? 'utf-16le' : 'latin1',
  )
  let rest = ''
  for await (const chunk of content) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split('\n')
    rest = lines.pop()!
    yield lines.flatMap((line) => record(line, delimiter))
  }
  yield record(rest + decoder.decode(), delimiter)
}

function record(line: string, delimiter: string): [] | [CsvRecord] {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line
  return text === '' ? [] : [text.split(delimiter)]
}
