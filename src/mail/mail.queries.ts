import { systemPrincipal } from '#libs/access'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { eq } from '#libs/read-store'
import { type MailEntry, mails } from '#projections/mails/mails'
import { type DirectoryEntry, people } from '#projections/people/people'
import { type ListArguments, listPage } from '../http/listing.js'
import type { Sender } from './domain/mail.judgement.js'

/** Whose address it is, among people who are in the directory at `minPosition`. */
export async function findSender(
  { address, minPosition }: { address: string; minPosition: string },
  { models, waitMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const { rows } = await models.of<DirectoryEntry>(people.name).list({
    principal: systemPrincipal('mail-intake'),
    filter: eq('email', address),
    orderBy: [],
    pageSize: 100,
    minPosition,
    timeoutMilliseconds: waitMilliseconds,
  })
  return { json: JSON.stringify(senderAmong(rows.map(({ document }) => document))) }
}

/** Those who left count only when nobody else has the address. */
export function senderAmong(entries: readonly DirectoryEntry[]): Sender {
  const active = entries.filter(({ kind, status }) => kind === 'person' && status === 'active')
  const [only, another] = active
  if (another !== undefined) return { kind: 'several' }
  if (only !== undefined) return { kind: 'person', id: only.id }
  return { kind: entries.length > 0 ? 'left' : 'nobody' }
}

/** What came by mail, the latest first. */
export function listMails(args: ListArguments, dependencies: QueryDependencies): Promise<QueryAnswer> {
  return listPage<MailEntry>(dependencies, args, {
    definition: mails,
    usualOrder: [{ column: 'receivedAt', direction: 'desc' }],
    render: (entry, stale) => (stale ? { ...entry, stale } : entry),
  })
}
