import { ignoredFor, type Judged, judge } from './mail.judgement.js'

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
    ['own-mail', { 'x-ledgerdesk-record': 'INC0000001' }],
  ])('%s: %j', (reason, headers) => {
    expect(ignoredFor(head(headers), own)).toEqual({ kind: 'ignored', reason })
  })

  it('own-mail: from one of our addresses', () => {
    expect(ignoredFor({ ...head(), from: 'desk@example.org' }, own)).toMatchObject({ reason: 'own-mail' })
  })

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
      register: undefined,
      ...more,
    })
  const INC = { number: 'INC0000001', theirs: true, open: true }

  it('opens an incident', () => {
    expect(judged({})).toEqual({ kind: 'open', person: 'rita' })
  })
  it('that answers a record of hers is a comment in it', () => {
    expect(judged({ answers: INC })).toEqual({ kind: 'comment', number: 'INC0000001', person: 'rita' })
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
