import { pipeline, type Readable } from 'node:stream'
import { type Stringifier, stringify } from 'csv-stringify'

/** RFC 4180, with a header line. */
export const CSV_CONTENT_TYPE = 'text/csv; charset=utf-8; header=present'

/**
 * Rows as CSV, as fast as they are read. An error of the rows ends the text before its end, as an error, for whoever reads it.
 * @param rows objects
 * @param columns of the header; what else a row has is left out
 */
export function csvOf(rows: Readable, columns: readonly string[]): Stringifier {
  const csv = stringify({
    header: true,
    columns: [...columns],
    cast: { boolean: String },
    // A spreadsheet would take it for a formula
    escape_formulas: true,
  })
  pipeline(rows, csv, () => {})
  return csv
}
