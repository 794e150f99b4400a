import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordedEvent } from '#libs/event-sourcing'
import { eventually } from '../../libs/testing/eventually.js'
import { MailServer } from '../../src/notifications/delivery/mail-server.fixture.js'
import { expectOk } from './server/api.js'
import { DataFolder } from './server/data-folder.js'
import { Ledgerdesk, type ServerProcess } from './server/ledgerdesk-process.js'
import { issueTokens, type Tokens } from './server/people.js'

/** A claim of an attempt lasts three minutes; whoever dies with it is waited for so long. */
const CLAIM_OVER_MS = 240_000
/** Long enough for a mail that should not go out. */
const A_WHILE = 3_000

jest.setTimeout(CLAIM_OVER_MS + 120_000)

/**
 * Mail goes out at least once, and twice in one case only: the process dies between the mail server's answer and the event
 * that records it. Then both have one Message-ID, by which mail programs show one.
 */
describe('mail of a server that is killed', () => {
  const folder = new DataFolder()
  let ledgerdesk: Ledgerdesk
  let mail: MailServer
  let tokens: Tokens
  let server: ServerProcess

  beforeAll(async () => {
    mail = await MailServer.start()
    ledgerdesk = new Ledgerdesk({
      LEDGERDESK_SMTP_URL: mail.url,
      LEDGERDESK_MAIL_FROM: 'Service Desk <itsm@example.org>',
    })
    tokens = await issueTokens(folder.path)
    server = await ledgerdesk.serve(folder.path)
    for (const agent of ['agent-2', 'agent-3'])
      await expectOk(server.url, {
        token: tokens.admin,
        path: `/people/${agent}/change`,
        body: { email: `${agent}@example.org` },
      })
  })
  afterAll(async () => {
    await ledgerdesk.dispose()
    await mail.stop()
    folder.dispose()
  })

  /** An incident of which its caller is told. */
  async function opened(title: string, caller: string): Promise<void> {
    await expectOk(server.url, { token: tokens.agents[0]!, path: '/incidents', body: { title, caller } })
  }

  const mailsOf = (title: string) => mail.mails.filter(({ subject }) => subject?.endsWith(title))

  /** Notifications as their streams have them, by the ends of their subjects. */
  async function eventsOf(title: string): Promise<string[]> {
    return folder.withLog(async (log) => {
      const { events } = await log.readAll({ after: '0'.repeat(20), limit: 10_000 })
      const of = events.filter(({ stream }) => stream.startsWith('notification-')) as RecordedEvent[]
      const queued = of.find(({ data }) => String((data as { subject?: string }).subject).endsWith(title))
      return of.filter(({ stream }) => stream === queued?.stream).map(({ type }) => type)
    })
  }

  const untilDelivered = (title: string, within: number) =>
    eventually(
      `${title} is delivered`,
      async () => (await eventsOf(title)).includes('NotificationDelivered'),
      within,
    )

  it('is not sent again when its delivery had been recorded, and is when it had only been queued', async () => {
    await opened('recorded', 'agent-2')
    await untilDelivered('recorded', 30_000)
    mail.refused.set('agent-3@example.org', 451)
    await opened('queued', 'agent-3')
    await eventually(
      'refused for now',
      async () => (await eventsOf('queued')).includes('DeliveryFailed'),
      30_000,
    )
    await server.kill()
    mail.refused.clear()
    server = await ledgerdesk.serve(folder.path)
    await untilDelivered('queued', CLAIM_OVER_MS)
    await sleep(A_WHILE)
    expect(mailsOf('recorded')).toHaveLength(1)
    expect(mailsOf('queued')).toHaveLength(1)
  })

  it('is sent twice, under one Message-ID, when the kill comes between the answer and its event', async () => {
    mail.beforeAnswer = async () => {
      // Stands still from here on: the answer reaches its machine, and never it
      process.kill(server.pid, 'SIGSTOP')
    }
    await opened('answered', 'agent-2')
    await eventually('the server has it', async () => mailsOf('answered').length === 1, 30_000)
    await sleep(200)
    await server.kill()
    mail.beforeAnswer = async () => {}
    expect(await eventsOf('answered')).toEqual(['NotificationQueued', 'DeliveryStarted'])
    server = await ledgerdesk.serve(folder.path)
    await untilDelivered('answered', CLAIM_OVER_MS)
    await sleep(A_WHILE)
    const [first, second, ...more] = mailsOf('answered')
    expect(more).toEqual([])
    expect(second?.messageId).toBe(first?.messageId)
    expect(await eventsOf('answered')).toEqual([
      'NotificationQueued',
      'DeliveryStarted',
      'DeliveryStarted',
      'NotificationDelivered',
    ])
  })
})
