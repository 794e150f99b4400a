import { systemPrincipal } from '#libs/access'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, eq, has, isIn } from '#libs/read-store'
import { type CiIdentity, ciIdentities } from '#projections/ci-identities/ci-identities'

/** More are as ambiguous as these. */
const MOST_MATCHES = 20

/** Live CIs of these classes that have all of these identifiers, as known at `minPosition`. */
export async function matchCis(
  args: { classes: readonly string[]; identifiers: readonly string[]; minPosition: string },
  { models, waitMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const { rows } = await models.of<CiIdentity>(ciIdentities.name).list({
    principal: systemPrincipal('discovery'),
    filter: and(
      eq('status', 'live'),
      isIn('class', args.classes),
      ...args.identifiers.map((identifier) => has('identifiers', identifier)),
    ),
    orderBy: [],
    pageSize: MOST_MATCHES,
    minPosition: args.minPosition,
    timeoutMilliseconds: waitMilliseconds,
  })
  return { json: JSON.stringify(rows.map(({ document }) => document.id).sort()) }
}
