import { setTimeout as sleep } from 'node:timers/promises'
import { Desk, refusal, succeeded } from './desk.js'

const CRLF = '\r\n'
let messages = 0

/** A message as a mail server hands it over. */
function message(
  from: string,
  subject: string,
  text: string,
  more: Record<string, string> = {},
): { id: string; raw: string } {
  const id = `<${++messages}.${process.pid}@example.org>`
  const headers = {
    'Message-ID': id,
    Date: 'Mon, 5 Jan 2026 09:00:00 +0000',
    From: from,
    To: 'desk@example.org',
    Subject: subject,
    'Content-Type': 'text/plain; charset=utf-8',
    ...more,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return { id, raw: [...lines, '', text].join(CRLF) }
}

describe('Mail', () => {
  let desk: Desk
  beforeAll(async () => {
    desk = await Desk.open({ SMTP_URL: 'smtp://127.0.0.1:9', MAIL_FROM: 'Service Desk <Notify@example.org>' })
    for (const person of ['rita', 'rob', 'ann'])
      succeeded(await desk.as('adam').post(`/people/${person}/change`, { email: `${person}@example.org` }))
  })
  afterAll(() => desk.close())

  const handOver = async (raw: string) => succeeded(await desk.as('service:monitoring').handOver(raw))
  const incident = async (number: string, person = 'ann') =>
    succeeded(await desk.as(person).get(`/incidents/${number}`))

  /** Whoever tells people takes her time. */
  async function until<Value>(what: string, ask: () => Promise<Value | undefined>): Promise<Value> {
    const deadline = performance.now() + 30_000
    for (;;) {
      const found = await ask()
      if (found !== undefined) return found
      if (performance.now() > deadline) throw new Error(`${what}: not within half a minute`)
      await sleep(50)
    }
  }

  it('of somebody known opens an incident, with its files, once however often it comes', async () => {
    const parts = [
      '--b',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'It prints blank pages.',
      '--b',
      'Content-Type: text/plain; name="log.txt"',
      'Content-Disposition: attachment; filename="log.txt"',
      '',
      'Error 5',
      '--b',
      'Content-Type: application/ms-tnef; name="winmail.dat"',
      'Content-Disposition: attachment; filename="winmail.dat"',
      'Content-Transfer-Encoding: base64',
      '',
      'eJ8+Ig==',
      '--b--',
    ].join(CRLF)
    const { raw } = message('Rita <Rita@Example.org>', 'Re: Printer', parts, {
      'Content-Type': 'multipart/mixed; boundary=b',
    })
    const answers = await Promise.all(Array.from({ length: 8 }, () => handOver(raw)))
    const { record } = answers[0]
    expect(answers.map((answer) => answer.record)).toEqual(Array(8).fill(record))
    const opened = await incident(record)
    expect(opened).toMatchObject({
      title: 'Printer',
      description: 'It prints blank pages.',
      caller: 'rita',
      contactType: 'email',
      attachments: [{ name: 'log.txt' }],
    })
    await desk.stop('SIGKILL')
    await desk.start()
    expect(await handOver(raw)).toMatchObject({ status: 'handled', record })
    const { items } = succeeded(
      await desk.as('lea').get('/mails', {
        filter: `record = "${record}"`,
        minPosition: (await incident(record)).position,
      }),
    )
    expect(items).toMatchObject([
      { outcome: 'opened', person: 'rita', attached: ['log.txt'], leftOut: ['winmail.dat'] },
    ])
  })

  it('that answers is a comment of its sender and resumes what waits for her', async () => {
    const first = message('rita@example.org', 'VPN', 'It drops the line.')
    const { record } = await handOver(first.raw)
    await desk.done('ann', record, 'accept')
    await desk.done('ann', record, 'hold', { holdReason: 'awaiting-caller', comment: 'Since when?' })
    const reply = message('rita@example.org', `AW: [${record}] VPN`, 'Since nine.\r\n\r\n> Since when?')
    expect(await handOver(reply.raw)).toMatchObject({ record, decision: { kind: 'comment', person: 'rita' } })
    expect(await incident(record)).toMatchObject({ state: 'In Progress', comments: 1 })
    const { items } = succeeded(await desk.as('rita').get(`/incidents/${record}/history`))
    const comment = items.find(({ type }: { type: string }) => type === 'CommentAdded')
    expect(comment).toMatchObject({ who: { onBehalfOf: 'rita' }, channel: 'email' })
    expect(JSON.stringify(comment)).toContain('Since nine.')
    expect(JSON.stringify(comment)).not.toContain('> Since when?')

    const inThread = message('rita@example.org', 'Thanks', 'Still there.', { 'In-Reply-To': first.id })
    expect(await handOver(inThread.raw)).toMatchObject({ record, decision: { kind: 'comment' } })
  })

  it('that answers what is closed opens an incident that follows it up', async () => {
    const { record } = await handOver(message('rita@example.org', 'Badge', 'Lost.').raw)
    await desk.done('ann', record, 'resolve', { code: 'fixed', notes: 'New one' })
    await desk.done('rita', record, 'close')
    const later = await handOver(message('rita@example.org', `Re: [${record}] Badge`, 'Lost again.').raw)
    expect(later.decision).toMatchObject({ kind: 'open', followUpOf: record })
    expect(await incident(later.record)).toMatchObject({
      links: [{ relation: 'related-to', target: record }],
      description: 'Lost again.',
    })
  })

  it('of somebody who has nothing to do with the record, or whom nobody knows, waits for a person, who decides', async () => {
    const { record } = await handOver(message('rita@example.org', 'Payroll', 'Wrong sum.').raw)
    const foreign = message('rob@example.org', `Re: [${record}] Payroll`, 'Mine too.')
    expect(await handOver(foreign.raw)).toMatchObject({ decision: { kind: 'review', reason: 'not-theirs' } })
    const stranger = await handOver(message('eve@elsewhere.example', 'Hello', 'Who are you?').raw)
    expect(stranger).toMatchObject({ status: 'decided', decision: { reason: 'sender-unknown' } })
    expect((await incident(record)).comments ?? 0).toBe(0)

    const review = `/mails/${stranger.id}/review`
    expect(refusal(await desk.as('lea').post(review, { action: 'open' }))).toBe('400 MAIL.REVIEW_INCOMPLETE')
    const opened = succeeded(await desk.as('lea').post(review, { action: 'open', person: 'rob' }))
    expect(await incident(opened.record)).toMatchObject({ title: 'Hello', caller: 'rob' })
    expect(refusal(await desk.as('lea').post(review, { action: 'dismiss' }))).toBe('409 MAIL.DECIDED')
    const raw = await desk.as('lea').get(`/mails/${stranger.id}/message`)
    expect(Buffer.from(raw.body).toString()).toContain('Who are you?')
  })

  it('that a rule refuses waits again, however often, until somebody dismisses it', async () => {
    const stranger = await handOver(message('eve@elsewhere.example', 'Hi', 'Hi.').raw)
    const review = (body: object) => desk.as('lea').post(`/mails/${stranger.id}/review`, body)
    const nowhere = { action: 'comment', person: 'rob', number: 'INC9999999' }
    expect(succeeded(await review(nowhere))).toMatchObject({ status: 'refused' })
    expect(succeeded(await review(nowhere))).toMatchObject({ status: 'refused' })
    expect(succeeded(await review({ action: 'dismiss' }))).toMatchObject({ decision: { kind: 'dismissed' } })
  })

  it('under the Message-ID of another does not vanish', async () => {
    const { id, raw } = message('rita@example.org', 'One', 'One.')
    await handOver(raw)
    const other = message('rob@example.org', 'Two', 'Two.', { 'Message-ID': id })
    const answer = await handOver(other.raw)
    expect(answer.decision).toEqual({ kind: 'review', reason: 'message-id-reused' })
    expect((await handOver(other.raw)).id).toBe(answer.id)
  })

  it('of programs leads to nothing, and is kept', async () => {
    const bounce = message('MAILER-DAEMON@example.org', 'Undelivered', 'No.', { 'Return-Path': '<>' })
    const vacation = message('rita@example.org', 'Away', 'Back on Monday.', {
      'Auto-Submitted': 'auto-replied',
    })
    expect(await handOver(bounce.raw)).toMatchObject({
      decision: { kind: 'ignored', reason: 'no-return-path' },
    })
    expect(await handOver(vacation.raw)).toMatchObject({
      decision: { kind: 'ignored', reason: 'auto-reply' },
    })
  })

  it('in answer to a notification of ours finds its record without any number in the subject', async () => {
    const { record } = await handOver(message('rita@example.org', 'Screen', 'Flickers.').raw)
    await desk.done('ann', record, 'comments', { text: 'Which one?' })
    const notification = await until('told', async () => {
      const { items } = succeeded(
        await desk.as('adam').get('/notifications', { filter: `record = "${record}"` }),
      )
      return items[0]
    })
    const reply = message('rita@example.org', 'The left one', 'The left one.', {
      'In-Reply-To': `<notification-${notification.id}@example.org>`,
    })
    expect(await handOver(reply.raw)).toMatchObject({ record, decision: { kind: 'comment' } })
    const foreign = message('rob@example.org', 'Mine', 'Mine.', {
      'In-Reply-To': `<notification-${notification.id}@example.org>`,
    })
    expect(await handOver(foreign.raw)).toMatchObject({ decision: { reason: 'not-theirs' } })
  })

  it('of her whose record is Resolved reopens it: nobody would hear of it else', async () => {
    const { record } = await handOver(message('rita@example.org', 'Door', 'Sticks.').raw)
    await desk.done('ann', record, 'resolve', { code: 'fixed', notes: 'Oiled' })
    await desk.done('ann', record, 'comments', { text: 'Oiled, that is' })
    expect(await incident(record)).toMatchObject({ state: 'Resolved' })
    const reply = message('rita@example.org', `Re: [${record}] Resolved: Door`, 'It is not fixed.')
    expect(await handOver(reply.raw)).toMatchObject({ status: 'handled', record, decision: { reopen: true } })
    expect(await incident(record)).toMatchObject({ state: 'In Progress', reopenCount: 1, comments: 2 })
  })

  it('of a program that does not say so is heard once', async () => {
    const answers = []
    for (let n = 0; n < 8; n++)
      answers.push(await handOver(message('rob@example.org', 'Out of office', 'I am away.').raw))
    expect(answers.map(({ decision }) => decision.reason ?? decision.kind)).toEqual([
      'open',
      ...Array(7).fill('repeated'),
    ])
    const loop = message('notify@example.org', 'Loop', 'Loop.')
    expect(await handOver(loop.raw)).toMatchObject({ decision: { kind: 'ignored', reason: 'own-mail' } })
  })

  it('of somebody unknown registers him where the setting says so', async () => {
    const intake = {
      unknownSenders: 'register',
      ownAddresses: ['Desk@example.org'],
      assignmentGroup: 'Network',
    }
    succeeded(await desk.as('adam').put('/settings/mail-intake', intake))
    const first = await handOver(message('Nils <nils@example.org>', 'Phone', 'Silent.').raw)
    const second = await handOver(message('nils@example.org', `Re: [${first.record}]`, 'Rings again.').raw)
    expect(second.record).toBe(first.record)
    const { caller, assignmentGroup } = await incident(first.record)
    expect(assignmentGroup).toBe('Network')
    expect(succeeded(await desk.as('adam').get(`/people/${caller}`))).toMatchObject({
      name: 'Nils',
      email: 'nils@example.org',
      roles: [],
    })
    expect(await handOver(message('desk@example.org', 'Loop', 'Loop.').raw)).toMatchObject({
      decision: { kind: 'ignored', reason: 'own-mail' },
    })
  })

  it('that is none, or too large, is refused and says how to mend it', async () => {
    const poster = desk.as('service:monitoring')
    expect(refusal(await poster.handOver('no headers at all'))).toBe('400 MAIL.UNREADABLE')
    const tooLarge = await poster.handOver(Buffer.alloc(40 * 1024 * 1024, 'x'), { offContract: true })
    expect(refusal(tooLarge)).toBe('413 REQUEST.TOO_LARGE')
  })
})
