import { laterPosition, type Position } from '#libs/event-sourcing'
import type { Asking, Row } from '#libs/projections-runtime'
import type { QueryDependencies } from '#libs/query-handling'
import { auditFindings } from '#projections/audit-findings/audit-findings'
import {
  type AuditFinding,
  FINDING_VERSIONS,
  type FindingVersions,
  findingAt,
} from '#projections/audit-findings/finding'

/**
 * Findings as they stood at a position, in the order of the rows; those that were told later are left out.
 * @param rows as they stand now
 */
export async function findingsAt(
  position: Position,
  rows: readonly Row<AuditFinding>[],
  { models }: QueryDependencies,
  asking: Asking,
): Promise<AuditFinding[]> {
  const changed = rows.filter((row) => row.position > position)
  const versions = new Map<string, FindingVersions>()
  if (changed.length > 0) {
    // The store may show a row before what is written together with it
    const minPosition = changed.reduce((latest, row) => laterPosition(latest, row.position), position)
    const known = await models.of<FindingVersions>(auditFindings.name, FINDING_VERSIONS).getMany(
      changed.map(({ id }) => id),
      { ...asking, minPosition },
    )
    for (const { id, document } of known.rows) versions.set(id, document)
  }
  return rows.flatMap(({ id, document }) => findingAt(position, document, versions.get(id)) ?? [])
}
