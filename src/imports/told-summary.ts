import type { ImportSummary } from './import-summary.js'

/** A summary as lines for people. */
export function toldSummary(summary: ImportSummary): string[] {
  const { rows, applied, known, rejected, later, records, people, groups, events, activated } = summary
  return [
    outcomeOf(summary),
    `  ${rows} rows: ${applied} applied, ${known} known already, ${later} later than --until, ${rejected} rejected`,
    `  ${records} new ${summary.recordType}s, ${people} people and ${groups} groups registered, ${events} events`,
    ...matrixOf(summary),
    ...(activated > 0 ? [`  ${activated} open records handed over to the policies`] : []),
    ...rejectionsOf(summary),
    ...oddities(summary),
    `  ${summary.seconds.toFixed(1)} s, ${summary.rowsPerSecond} rows/s, ${summary.eventsPerSecond} events/s; run ${summary.run}`,
  ]
}

function outcomeOf({ dryRun, stopped, applied, known, rejected }: ImportSummary): string {
  if (dryRun) return 'Nothing was written. What would have happened:'
  if (stopped) return 'Stopped; start it again to go on.'
  return rejected > 0 && applied + known === 0
    ? 'Nothing was imported: see why rows were rejected.'
    : 'Imported.'
}

/** It decides about the desk's own records, too. */
function matrixOf({ matrixVersion, matrixReplaced }: ImportSummary): string[] {
  if (matrixReplaced === null) return []
  const before = matrixReplaced === 0 ? 'the built-in one' : `version ${matrixReplaced}`
  return [
    `  the source's priority matrix is version ${matrixVersion}, in force for this desk's records as well in place of ${before}: ` +
      'PUT /settings/priority-matrix sets another',
  ]
}

function rejectionsOf({ rejected, rejections, dryRun, run }: ImportSummary): string[] {
  const lines = rejections.map(({ row, reason }) => `  row ${row}: ${reason}`)
  const more = rejected - rejections.length
  if (more > 0)
    lines.push(dryRun ? `  and ${more} more` : `  all rejections stand in the stream import-${run}`)
  return lines
}

/** What the source says that cannot be, or that this desk would not have allowed. */
function oddities(summary: ImportSummary): string[] {
  const lines = Object.entries(summary.irregular).map(([code, count]) => {
    const { numbers = [], more = 0 } = summary.irregularRecords[code] ?? {}
    return `  irregular: ${count} × ${code} in ${numbers.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  })
  if (summary.updatesNotInSource > 0) lines.push(`  ${summary.updatesNotInSource} updates not in source`)
  if (summary.prioritiesNotDerived > 0) lines.push(`  ${prioritiesOf(summary)}`)
  for (const [id, here] of Object.entries(summary.renamedGroups))
    lines.push(`  group "${id}" is "${here}" here, as /queues/${id} is everybody's own queue`)
  for (const [cell, count] of Object.entries(summary.emptyCells))
    lines.push(`  empty cell of the matrix: ${cell}, met ${count} times`)
  return lines
}

/** Without a matrix there is nothing to differ from. */
function prioritiesOf({ prioritiesNotDerived, matrixVersion }: ImportSummary): string {
  return matrixVersion === null
    ? `${prioritiesNotDerived} priorities as the source states them: its mapping has no matrix`
    : `${prioritiesNotDerived} priorities differ from the matrix`
}
