import {
  BRAKE_WINDOW_MS,
  brake,
  type EarlierMail,
  ignoredFor,
  type Judged,
  judge,
  MOST_OF_A_SENDER,
  suppressesReplies,
} from './mail.judgement.js'

const own = { ownAddresses: ['desk@example.org'] }
const head = (headers: Record<string, string> = {}, returnPath?: string) => ({
  from: 'rita@example.org',
  returnPath,
  headers: new Map(Object.entries(headers)),
})

describe('A message that a program wrote is ignored', () => {
  it.each([
    ['auto-reply', { 'auto-submitted': 'auto-replied (vacation)' }],
    ['auto-reply', { 'auto-submitted': 'Auto-Generated' }],
    ['auto-reply', { 'x-autoreply': 'yes' }],
    ['auto-reply', { precedence: 'auto_reply' }],
    ['bulk', { precedence: 'Bulk' }],
    ['bulk', { 'list-id': '<news.example.org>' }],
    ['mail-system', { 'content-type': 'multipart/report; report-type=delivery-status' }],
    ['mail-system', { 'content-type': 'Multipart/Report; report-type=disposition-notification' }],
    ['own-mail', { 'x-ledgerdesk-record': 'INC0000001' }],
  ])('%s: %j', (reason, headers) => {
    expect(ignoredFor(head(headers), own)).toEqual({ kind: 'ignored', reason })
  })

  it('own-mail: from one of our addresses', () => {
    expect(ignoredFor({ ...head(), from: 'desk@example.org' }, own)).toMatchObject({ reason: 'own-mail' })
  })

  it.each(['MAILER-DAEMON', 'mailer-daemon@mx.example.org', 'postmaster@example.org'])(
    'mail-system: from %s, by its head or its envelope',
    (address) => {
      const ignored = { kind: 'ignored', reason: 'mail-system' }
      expect(ignoredFor({ ...head(), from: address.toLowerCase() }, own)).toEqual(ignored)
      expect(ignoredFor(head({}, `<${address}>`), own)).toEqual(ignored)
    },
  )

  it('no-return-path: a bounce', () => {
    expect(ignoredFor(head({}, '<>'), own)).toMatchObject({ reason: 'no-return-path' })
  })

  it('and one that a person wrote is not', () => {
    expect(
      ignoredFor(head({ 'auto-submitted': 'no', precedence: 'first-class' }, '<rita@example.org>'), own),
    ).toBe(undefined)
  })
})

describe('A message that a person wrote', () => {
  const judged = (more: Partial<Judged>) =>
    judge({
      sender: { kind: 'person', id: 'rita' },
      answers: undefined,
      hasText: true,
      suppressesReplies: false,
      register: undefined,
      ...more,
    })
  const INC = { number: 'INC0000001', theirs: true, open: true, resolved: false }

  it('opens an incident', () => {
    expect(judged({})).toEqual({ kind: 'open', person: 'rita' })
  })
  it('that answers a record of hers is a comment in it', () => {
    expect(judged({ answers: INC })).toEqual({ kind: 'comment', number: 'INC0000001', person: 'rita' })
  })
  it('that answers a Resolved record of hers reopens it', () => {
    expect(judged({ answers: { ...INC, resolved: true } })).toEqual({
      kind: 'comment',
      number: 'INC0000001',
      person: 'rita',
      reopen: true,
    })
  })
  it('that asks for no automatic answer waits for a person', () => {
    expect(judged({ suppressesReplies: true })).toEqual({ kind: 'review', reason: 'suppresses-replies' })
    for (const value of ['All', 'DR, OOF', 'AutoReply'])
      expect(suppressesReplies(head({ 'x-auto-response-suppress': value }))).toBe(true)
    for (const value of ['None', 'DR, RN', 'allow'])
      expect(suppressesReplies(head({ 'x-auto-response-suppress': value }))).toBe(false)
    expect(suppressesReplies(head())).toBe(false)
  })
  it('that answers a record which takes no more comments opens one that follows it up', () => {
    expect(judged({ answers: { ...INC, open: false } })).toEqual({
      kind: 'open',
      person: 'rita',
      followUpOf: 'INC0000001',
    })
  })
  it('that answers a record of others waits for a person, and so does the first word of somebody unknown about it', () => {
    expect(judged({ answers: { ...INC, theirs: false } })).toEqual({ kind: 'review', reason: 'not-theirs' })
    const stranger = { sender: { kind: 'nobody' }, register: 'mail-1' } as const
    expect(judged({ ...stranger, answers: { ...INC, theirs: false } })).toMatchObject({
      reason: 'not-theirs',
    })
  })
  it('whom nobody knows waits for a person, or is registered where the setting says so', () => {
    expect(judged({ sender: { kind: 'nobody' } })).toEqual({ kind: 'review', reason: 'sender-unknown' })
    expect(judged({ sender: { kind: 'nobody' }, register: 'mail-1' })).toEqual({
      kind: 'open',
      person: 'mail-1',
      register: true,
    })
  })
  it('waits for a person when several have the address, when its owner has left, and when it says nothing', () => {
    expect(judged({ sender: { kind: 'several' } })).toMatchObject({ reason: 'sender-ambiguous' })
    expect(judged({ sender: { kind: 'left' }, register: 'mail-1' })).toMatchObject({
      reason: 'sender-inactive',
    })
    expect(judged({ hasText: false })).toMatchObject({ reason: 'no-text' })
  })
})

describe('A program that says nothing of being one', () => {
  const NOW = Date.parse('2026-01-05T09:00:00Z')
  const before = (ms: number) => new Date(NOW - ms).toISOString()
  const SAID = { subject: 'Away', content: 'c' }
  const earlier = (ms: number, more: Partial<EarlierMail> = {}): EarlierMail => ({
    ...SAID,
    receivedAt: before(ms),
    ignored: false,
    ...more,
  })
  const OPEN = { kind: 'open', person: 'rita' } as const
  const braked = (...mails: EarlierMail[]) => brake(OPEN, SAID, mails, NOW)

  it('is not heard twice with the same words within an hour', () => {
    expect(braked(earlier(1_000))).toEqual({ kind: 'ignored', reason: 'repeated' })
    expect(braked(earlier(1_000, { ignored: true }))).toEqual({ kind: 'ignored', reason: 'repeated' })
    expect(braked(earlier(BRAKE_WINDOW_MS))).toEqual(OPEN)
    expect(braked(earlier(1_000, { subject: 'Back' }), earlier(1_000, { content: undefined }))).toEqual(OPEN)
  })

  it('waits for a person when it says more and more, and nobody else does', () => {
    const many = Array.from({ length: MOST_OF_A_SENDER }, (_, n) => earlier(n, { content: `${n}` }))
    expect(braked(...many)).toEqual({ kind: 'review', reason: 'too-many' })
    expect(braked(...many.slice(1))).toEqual(OPEN)
    expect(braked(...many.map((mail) => ({ ...mail, ignored: true })))).toEqual(OPEN)
  })

  it('and what leads to nothing anyway stays as it was decided', () => {
    const review = { kind: 'review', reason: 'no-text' } as const
    expect(brake(review, SAID, [earlier(1_000)], NOW)).toBe(review)
  })
})
