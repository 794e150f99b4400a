import { commandMetadata, deciderSpec } from '#libs/testing'
import { CompleteMail, ReceiveMail, RefuseMail, ReviewMail } from './mail.commands.js'
import { mailDecider } from './mail.decider.js'
import type { MailDecision, MailEvent } from './mail.events.js'

const received = (decision: MailDecision) => ({
  messageId: '<1@example.org>',
  sender: 'mail-1',
  subject: 'Printer',
  hash: 'a'.repeat(64),
  size: 800,
  decision,
})
const RECEIVED = (decision: MailDecision): MailEvent => ({ type: 'MailReceived', data: received(decision) })
const OPEN: MailDecision = { kind: 'open', person: 'rita' }
const REVIEW: MailDecision = { kind: 'review', reason: 'sender-unknown' }
const HANDLED: MailEvent = { type: 'MailHandled', data: { record: 'INC0000001', attached: [], leftOut: [] } }
const story = deciderSpec(mailDecider)
const metadata = commandMetadata()
const DISMISSED = { decision: { kind: 'dismissed' } } as const

describe('An incoming message', () => {
  it('is received once; what was decided first stands', () => {
    story
      .given()
      .when(new ReceiveMail('m', received(OPEN), metadata))
      .thenEvents(RECEIVED(OPEN))
    story
      .given(RECEIVED(OPEN))
      .when(new ReceiveMail('m', received(REVIEW), metadata))
      .thenEvents()
  })

  it('is handled once', () => {
    const { data } = HANDLED as Extract<MailEvent, { type: 'MailHandled' }>
    story
      .given(RECEIVED(OPEN))
      .when(new CompleteMail('m', data, metadata))
      .thenEvents(HANDLED)
    const refuse = new RefuseMail('m', { code: 'X', detail: 'x' }, metadata)
    story.given(RECEIVED(OPEN), HANDLED).when(refuse).thenEvents()
  })

  it('that waits for a person, or that a rule refused, is decided anew by one', () => {
    const decision = { kind: 'comment', number: 'INC0000001', person: 'rita' } as const
    const review = new ReviewMail('m', { decision }, metadata)
    const reviewed: MailEvent = { type: 'MailReviewed', data: { decision } }
    const refused: MailEvent = { type: 'MailRefused', data: { code: 'INCIDENT.CLOSED', detail: 'closed' } }
    story.given(RECEIVED(REVIEW)).when(review).thenEvents(reviewed)
    story.given(RECEIVED(OPEN), refused).when(review).thenEvents(reviewed)
    story.given(RECEIVED(REVIEW), reviewed).when(review).thenEvents()
  })

  it('that was cut off half-way is decided anew, and one refused twice waits again', () => {
    const decision = { person: 'rita', kind: 'open' } as const
    story
      .given(RECEIVED(OPEN))
      .when(new ReviewMail('m', { decision }, metadata))
      .thenEvents()
    story
      .given(RECEIVED(OPEN))
      .when(new ReviewMail('m', DISMISSED, metadata))
      .thenEvents({ type: 'MailReviewed', data: DISMISSED })
    const refused: MailEvent = { type: 'MailRefused', data: { code: 'INCIDENT.CLOSED', detail: 'closed' } }
    const reviewed: MailEvent = { type: 'MailReviewed', data: { decision } }
    story
      .given(RECEIVED(REVIEW), refused, reviewed)
      .when(new RefuseMail('m', refused.data as never, metadata))
      .thenEvents(refused)
  })

  it('that has been dealt with, or does not exist, is not decided about', () => {
    const review = new ReviewMail('m', DISMISSED, metadata)
    story.given(RECEIVED(OPEN), HANDLED).when(review).thenRefused('MAIL.DECIDED')
    story.given().when(review).thenRefused('MAIL.UNKNOWN')
  })
})
