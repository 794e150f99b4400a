import type { ParsedMail } from 'mailparser'
import { InvalidInput } from '#libs/event-sourcing'
import type { MailHead } from './domain/mail.judgement.js'

/** A message as we read it. Addresses are in lower case. */
export interface IncomingMail extends MailHead {
  /** With its angle brackets, as other messages name it. */
  readonly messageId: string | undefined
  /** Messages that it answers, the latest first. */
  readonly answered: readonly string[]
  readonly fromName: string | undefined
  readonly subject: string
  /** Plain text; made of the HTML when there is no other. */
  readonly text: string
  readonly files: readonly MailFile[]
}

export interface MailFile {
  readonly name: string
  readonly contentType: string
  readonly content: Buffer
  /** Stands inside the text: a picture of a signature, more often than not. */
  readonly inline: boolean
}

/** A thread is named in its references: the latest of them suffice. */
const MOST_REFERENCES = 20
/** Longest HTML that is made into text. */
const LONGEST_HTML = 2_000_000

/**
 * Reads a message (RFC 5322, MIME).
 * @throws InvalidInput `MAIL.UNREADABLE` for what is none
 */
export async function readMail(message: Buffer): Promise<IncomingMail> {
  // Loaded with the first message: most processes never see one
  const { simpleParser } = await import('mailparser')
  const parsed = await simpleParser(message, {
    skipTextToHtml: true,
    skipImageLinks: true,
    maxHtmlLengthToParse: LONGEST_HTML,
  }).catch((error: unknown) => {
    throw unreadable(error instanceof Error ? error.message : String(error))
  })
  const headers = headersOf(parsed)
  if (headers.size === 0) throw unreadable('it has no headers')
  const sender = parsed.from?.value[0]
  return {
    messageId: parsed.messageId,
    answered: referencesOf(parsed),
    from: sender?.address?.toLowerCase() || null,
    fromName: sender?.name || undefined,
    returnPath: headers.get('return-path'),
    headers,
    subject: parsed.subject ?? '',
    text: parsed.text ?? '',
    files: parsed.attachments.map(({ filename, contentType, content, related }, i) => ({
      name: filename ?? `attachment-${i + 1}`,
      contentType,
      content,
      inline: related ?? false,
    })),
  }
}

function unreadable(why: string): InvalidInput {
  return new InvalidInput(
    'MAIL.UNREADABLE',
    `This is no message that can be read (${why}): send it as it came, with its headers.`,
    [{ pointer: '', message: 'is no RFC 5322 message' }],
  )
}

/** As text, the first of several. */
function headersOf({ headerLines }: ParsedMail): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  for (const { key, line } of headerLines)
    if (key !== '' && !headers.has(key))
      headers.set(
        key,
        line
          .slice(line.indexOf(':') + 1)
          .replace(/\s+/g, ' ')
          .trim(),
      )
  return headers
}

function referencesOf({ inReplyTo, references = [] }: ParsedMail): string[] {
  const earlier = typeof references === 'string' ? references.split(/\s+/) : references
  const named = [inReplyTo, ...[...earlier].reverse()].filter((id): id is string => Boolean(id))
  return [...new Set(named)].slice(0, MOST_REFERENCES)
}
