import { MailServer } from '../../src/notifications/delivery/mail-server.fixture.js'
import { Desk, succeeded } from './desk.js'

const MAIL_FROM = 'Service Desk <itsm@example.org>'

describe('Mail about incidents', () => {
  let mail: MailServer
  let desk: Desk

  beforeAll(async () => {
    mail = await MailServer.start()
    desk = await Desk.open({ SMTP_URL: mail.url, MAIL_FROM, PUBLIC_URL: 'https://itsm.example.org' })
    for (const person of ['rita', 'ann', 'ben', 'lea'])
      succeeded(await desk.as('adam').post(`/people/${person}/change`, { email: `${person}@example.org` }))
  }, 120_000)
  afterAll(async () => {
    await desk.close()
    await mail.stop()
  })

  it('tells the assignee, in a thread of the record, with a link', async () => {
    const number = await desk.opened({ title: 'Printer burns' }, 'ann')
    await desk.done('ann', number, 'assign', { group: 'Service Desk', person: 'ben' })
    const [told] = await mail.mailsTo('ben@example.org')
    expect(told?.subject).toBe(`[${number}] Assigned to you: Printer burns`)
    expect(told?.text).toContain(`https://itsm.example.org/incidents/${number}`)
    expect(told?.from?.text).toBe('"Service Desk" <itsm@example.org>')
    expect(told?.messageId).toMatch(/^<notification-[0-9a-f-]{36}@example\.org>$/)
    expect(told?.inReplyTo).toBe(`<${number}@example.org>`)
    expect(told?.headers.get('auto-submitted')).toBe('auto-generated')
    expect(told?.headers.get('x-ledgerdesk-record')).toBe(number)
  })
})
