import { eventually } from '#libs/testing'
import { MailServer } from '../../src/notifications/delivery/mail-server.fixture.js'
import { Desk, refusal, succeeded } from './desk.js'

const MAIL_FROM = 'Service Desk <itsm@example.org>'

describe('Mail about records', () => {
  let mail: MailServer
  let desk: Desk

  beforeAll(async () => {
    mail = await MailServer.start()
    desk = await Desk.open({ SMTP_URL: mail.url, MAIL_FROM, PUBLIC_URL: 'https://itsm.example.org' })
    for (const person of ['rita', 'ann', 'ben', 'lea'])
      succeeded(await desk.as('adam').post(`/people/${person}/change`, { email: `${person}@example.org` }))
  })
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

  it('tells who has a problem, and a restricted one only to those who may see it', async () => {
    const problem = async (by: string, body: object) =>
      succeeded(await desk.as(by).post('/problems', { title: 'Printers burn', ...body })).id as string
    const number = await problem('ann', { group: 'Network', assignee: 'ben' })
    const told = (await mail.mailsTo('ben@example.org', 2)).find(({ subject }) => subject?.includes(number))
    expect(told?.subject).toBe(`[${number}] Problem assigned to you: Printers burn`)
    expect(told?.text).toContain(`https://itsm.example.org/problems/${number}`)
    const audience = { kind: 'groups', groups: ['Network'] }
    const hidden = await problem('ben', { audience, group: 'Service Desk' })
    const listed = async () =>
      succeeded(await desk.as('adam').get('/notifications', { filter: `record = "${hidden}"` })).items
    await eventually('all of the group are settled', async () => (await listed()).length === 2)
    for (const row of await listed())
      expect(row).toMatchObject({ state: 'suppressed', suppressedBecause: 'no-access' })
  })

  it('tells the caller what is meant for her, and nobody what he did himself', async () => {
    const number = await desk.opened({ title: 'No sound', caller: 'rita' }, 'ann')
    await desk.done('ann', number, 'work-notes', { text: 'She always mutes it' })
    await desk.done('ann', number, 'comments', { text: 'Is it muted?' })
    const told = await mail.mailsTo('rita@example.org', 2)
    expect(told.map(({ subject }) => subject).sort()).toEqual([
      `[${number}] New comment: No sound`,
      `[${number}] We have your report: No sound`,
    ])
    expect(JSON.stringify(mail.mails.map(({ text }) => text))).not.toContain('mutes it')
    expect(JSON.stringify(mail.mails.map(({ to }) => to))).not.toContain('ann@example.org')
  })

  it('leaves out what somebody does not want, and says so', async () => {
    const lea = desk.as('lea')
    const path = '/people/lea/notification-preferences'
    succeeded(await lea.put(path, { preferences: { 'assigned-to-me': [] } }))
    expect(refusal(await lea.put(path, { preferences: { 'on-call-paged': [] } }))).toBe(
      '400 NOTIFICATION.PREFERENCES_MALFORMED',
    )
    expect(refusal(await desk.as('ann').put(path, { preferences: {} }))).toBe('403 NOTIFICATION.FORBIDDEN')
    expect(refusal(await desk.as('ann').get(path))).toBe('403 NOTIFICATION.FORBIDDEN')
    expect(succeeded(await lea.get(path)).preferences).toEqual({ 'assigned-to-me': [] })
    const number = await desk.opened({}, 'ann')
    await desk.done('ann', number, 'assign', { group: 'Service Desk', person: 'lea' })
    const row = await rowOf('ann', number, 'suppressed')
    expect(row).toMatchObject({ recipient: 'lea', suppressedBecause: 'preference' })
  })

  it('keeps what is refused as a dead letter, which an administrator sends again', async () => {
    mail.refused.set('ben@example.org', 550)
    const number = await desk.opened({ title: 'Dead' }, 'ann')
    await desk.done('ann', number, 'assign', { group: 'Service Desk', person: 'ben' })
    const { id } = await rowOf('ann', number, 'dead-lettered')
    const dead = succeeded(await desk.as('adam').get('/notifications', { filter: 'state = "dead-lettered"' }))
    expect(dead.items.map((row: { id: string }) => row.id)).toEqual([id])
    expect(refusal(await desk.as('ben').post(`/notifications/${id}/resend`))).toBe('403 ROLE.REQUIRED')
    mail.refused.clear()
    succeeded(await desk.as('adam').post(`/notifications/${id}/resend`, {}))
    expect(await rowOf('ann', number, 'delivered')).toMatchObject({ id, attempts: 2 })
    expect(refusal(await desk.as('adam').post(`/notifications/${id}/resend`, {}))).toBe(
      '409 NOTIFICATION.DELIVERED',
    )
  })

  it('lists to everybody her own, and to the desk those of records that it sees', async () => {
    const recipients = async (path: string, person: string) =>
      new Set(
        succeeded(await desk.as(person).get(path)).items.map((row: { recipient: string }) => row.recipient),
      )
    expect(await recipients('/notifications', 'rita')).toEqual(new Set(['rita']))
    expect(await recipients('/notifications', 'ann')).toEqual(new Set())
    expect((await recipients('/notifications', 'audrey')).size).toBeGreaterThan(2)
    const number = await desk.opened(
      { caller: 'rita', audience: { kind: 'groups', groups: ['Network'] } },
      'ben',
    )
    await rowOf('ben', number, 'delivered')
    expect(await recipients(`/incidents/${number}/notifications`, 'ben')).toEqual(new Set(['rita']))
    expect(refusal(await desk.as('lea').get(`/incidents/${number}/notifications`))).toBe(
      '404 INCIDENT.UNKNOWN',
    )
  })

  it('tells who wants a change, and who does it, how it goes on', async () => {
    succeeded(await desk.as('adam').post('/groups/Network/change', { manager: 'lea' }))
    const body = { type: 'emergency', title: 'Stop the leak', group: 'Network', requester: 'rita' }
    const number: string = succeeded(await desk.as('ann').post('/changes', body)).id
    const change = `/changes/${number}`
    const startedAt = new Date(Date.now() - 60_000).toISOString()
    const early = { startedAt, reason: 'It could not wait.' }
    succeeded(await desk.as('ben').post(`${change}/record-implemented`, early))
    const asked = await eventually('lea is asked', async () => {
      const { items } = succeeded(await desk.as('lea').get('/approvals/mine'))
      return items.find(({ subject }: { subject: string }) => subject === number)
    })
    succeeded(await desk.as('lea').post(`/approvals/${asked.id}/grant`, { hash: asked.hash }))
    for (const person of ['rita', 'ben']) {
      const ratified = await eventually(
        `${person} is told`,
        async () => {
          const mails = await mail.mailsTo(`${person}@example.org`)
          return mails.find(({ text }) => text?.includes(number) && text.includes('It was ratified.'))
        },
        20_000,
      )
      expect(ratified?.subject).toBe(`[${number}] Implement: Stop the leak`)
      expect(ratified?.text).toContain(`https://itsm.example.org/changes/${number}`)
    }
  })

  /** Of the one notification about a record that is in this state. */
  function rowOf(person: string, number: string, state: string) {
    return eventually(
      `a notification about ${number} that is ${state}`,
      async () => {
        const { items } = succeeded(await desk.as(person).get(`/incidents/${number}/notifications`))
        return items.find((row: { state: string }) => row.state === state)
      },
      20_000,
    )
  }
})

describe('Without a mail server', () => {
  it('nothing is queued', async () => {
    const desk = await Desk.open()
    const number = await desk.opened({ caller: 'rita' }, 'ann')
    await desk.done('ann', number, 'comments', { text: 'Hello' })
    // Policies run side by side: what others have done by now, they would have, too.
    const { position } = await desk.done('ann', number, 'comments', { text: 'Hello again' })
    const running = JSON.stringify(succeeded(await desk.as('adam').get('/projections')))
    expect(running).not.toContain('notification_delivery')
    const { items } = succeeded(await desk.as('adam').get('/notifications', { minPosition: position }))
    expect(items).toEqual([])
    await desk.close()
  })
})
