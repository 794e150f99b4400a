import { systemPrincipal } from '#libs/access'
import type { QueryAnswer, QueryDependencies } from '#libs/query-handling'
import { and, compare, eq } from '#libs/read-store'
import { type MailEntry, mails } from '#projections/mails/mails'
import { type DirectoryEntry, people } from '#projections/people/people'
import { type ListArguments, listPage } from '../http/listing.js'
import { type EarlierMail, MOST_OF_A_SENDER, type Sender } from './domain/mail.judgement.js'

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

/** Messages of one sender since an instant, as many as a judgement needs. */
export async function recentMails(
  { sender, since, minPosition }: { sender: string; since: string; minPosition: string },
  { models, waitMilliseconds }: QueryDependencies,
): Promise<QueryAnswer> {
  const { rows } = await models.of<MailEntry>(mails.name).list({
    principal: systemPrincipal('mail-intake'),
    filter: and(eq('sender', sender), compare('receivedAt', '>=', since)),
    orderBy: [{ column: 'receivedAt', direction: 'desc' }],
    // Some were ignored, and count for nothing
    pageSize: 3 * MOST_OF_A_SENDER,
    minPosition,
    timeoutMilliseconds: waitMilliseconds,
  })
  const earlier = rows.map(
    ({ document: { subject, content, receivedAt, outcome } }): EarlierMail => ({
      subject,
      content,
      receivedAt,
      ignored: outcome === 'ignored',
    }),
  )
  return { json: JSON.stringify(earlier) }
}

/** What came by mail, the latest first. */
export function listMails(args: ListArguments, dependencies: QueryDependencies): Promise<QueryAnswer> {
  return listPage<MailEntry>(dependencies, args, {
    definition: mails,
    usualOrder: [{ column: 'receivedAt', direction: 'desc' }],
    render: ({ content: _, ...entry }, stale) => (stale ? { ...entry, stale } : entry),
  })
}
