import type { Readable } from 'node:stream'
import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common'
import { InvalidInput } from '#libs/event-sourcing'
import { Answer, Context, Endpoint, RequestContext } from '#libs/platform'
import { Queries } from '../http/queries.js'
import type { MailReviewed } from './domain/mail.events.js'
import { MailAnswer, MailParams, MailsPage, MailsQuery, ReviewMailDto } from './mail.dto.js'
import { listMails } from './mail.queries.js'
import { MAIL_POSTERS, MAIL_REVIEWERS } from './mail.record.js'
import { MailIntake } from './mail-intake.js'
import { MESSAGE } from './message-body.js'

/** Mail that comes in: handed over by a mail server, looked at by people where no rule decides. */
@Controller('mails')
export class MailController {
  constructor(
    private readonly intake: MailIntake,
    private readonly queries: Queries,
  ) {}

  @Post()
  @Endpoint({
    summary: 'Hand over a message: it becomes a comment or an incident, is ignored, or waits for a person',
    description:
      'The message as it came, with its headers. Sent again it has no further effect: its `Message-ID` says that it is the same. ' +
      'Who its `From` names is believed, so let the mail server check SPF, DKIM and DMARC before it hands anything over.',
    roles: MAIL_POSTERS,
    body: { content: { [MESSAGE]: 'binary' } },
    answer: MailAnswer,
  })
  receive(@Body() message: Buffer, @Context() context: RequestContext): Promise<MailAnswer> {
    if (!Buffer.isBuffer(message) || message.length === 0)
      throw new InvalidInput('MAIL.UNREADABLE', `There is no message: send it as the body, as ${MESSAGE}.`, [
        { pointer: '', message: 'is empty' },
      ])
    return this.intake.receive(message, context)
  }

  @Get()
  @Endpoint({
    summary: 'What came by mail, and what became of it',
    roles: [...MAIL_REVIEWERS, 'auditor'],
    query: MailsQuery,
    answer: MailsPage,
  })
  list(@Query() query: MailsQuery, @Context() { principal }: RequestContext): Promise<Answer> {
    return this.queries.answer(listMails, { ...query, principal })
  }

  @Get(':id/message')
  @Endpoint({
    summary: 'A message as it came',
    roles: MAIL_REVIEWERS,
    params: MailParams,
    answer: { content: { 'application/octet-stream': 'binary' } },
    responseHeaders: ['Content-Disposition'],
  })
  async message(@Param() { id }: MailParams): Promise<Answer<Readable>> {
    return new Answer(await this.intake.raw(id), {
      headers: {
        // Never as its own type: a browser must not show what somebody sent
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="${id}.eml"`,
        'x-content-type-options': 'nosniff',
      },
    })
  }

  @Post(':id/review')
  @Endpoint({
    summary: 'Decide about a message that waits for a person',
    roles: MAIL_REVIEWERS,
    params: MailParams,
    body: ReviewMailDto,
    answer: MailAnswer,
  })
  review(
    @Param() { id }: MailParams,
    @Body() body: ReviewMailDto,
    @Context() context: RequestContext,
  ): Promise<MailAnswer> {
    return this.intake.review(id, decisionOf(body), context)
  }
}

/** @throws InvalidInput naming each field that the action needs */
function decisionOf({ action, person, number }: ReviewMailDto): MailReviewed['data']['decision'] {
  if (action === 'dismiss') return { kind: 'dismissed' }
  const missing = [
    ...(person === undefined ? ['person'] : []),
    ...(action === 'comment' && number === undefined ? ['number'] : []),
  ].map((field) => ({ pointer: `/${field}`, message: `is needed to ${action}` }))
  if (missing.length > 0)
    throw new InvalidInput(
      'MAIL.REVIEW_INCOMPLETE',
      'Say whose words the message holds, and where they belong.',
      missing,
    )
  return action === 'open'
    ? { kind: 'open', person: person as string }
    : { kind: 'comment', person: person as string, number: number as string }
}
