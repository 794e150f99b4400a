import { createTransport, type SendMailOptions, type Transporter } from 'nodemailer'
import type { Notification, PersonAddress } from '../domain/notification.decider.js'
import { type DeliveryChannel, DeliveryError } from './delivery-channel.js'

export interface SmtpOptions {
  /** `smtp://user:password@host:port`, or `smtps://`. */
  url: string
  /** `Ledgerdesk <itsm@example.org>` */
  from: string
  /** Where a person gets mail now. */
  addressOf(person: string): Promise<PersonAddress>
  limits?: SmtpLimits
}

/** Milliseconds. */
export interface SmtpLimits {
  connection: number
  silence: number
  /** For a whole delivery, however often the server says something in between. */
  delivery: number
}

/** The last is shorter than the courier waits, so that the connection is gone when the attempt is over. */
const LIMITS: SmtpLimits = { connection: 10_000, silence: 20_000, delivery: 45_000 }
const LOCAL = ['localhost', '127.0.0.1', '[::1]']
/** Of 5xx these are about us, not about the mail: who mends the account gets the mails sent. */
const ABOUT_OUR_ACCOUNT = [530, 534, 535, 538]

/** Mail over SMTP, one connection for each. */
export class SmtpChannel implements DeliveryChannel {
  readonly #transport: Transporter
  readonly #host: string
  readonly #deliveryMs: number
  readonly #closing = new AbortController()

  constructor(private readonly options: SmtpOptions) {
    const { url, from, limits = LIMITS } = options
    this.#deliveryMs = limits.delivery
    this.#host = /@([^\s<>@]+?)>?\s*$/.exec(from)?.[1] ?? 'localhost'
    this.#transport = createTransport({
      url,
      ...security(url),
      connectionTimeout: limits.connection,
      greetingTimeout: limits.connection,
      dnsTimeout: limits.connection,
      socketTimeout: limits.silence,
      disableFileAccess: true,
      disableUrlAccess: true,
    } as object)
  }

  async send(id: string, notification: Notification): Promise<string> {
    const { active, email } = await this.options.addressOf(notification.head.recipient)
    if (!active || email === undefined)
      throw new DeliveryError('The recipient has no address any more, or is deactivated', true)
    const message = mailOf(id, notification, { from: this.options.from, host: this.#host, to: email })
    const overdue = AbortSignal.timeout(this.#deliveryMs)
    const signal = AbortSignal.any([this.#closing.signal, overdue])
    try {
      // Aborted, it closes the connection; its types do not know of it yet.
      await this.#transport.sendMail({ ...message, signal } as SendMailOptions)
      return message.messageId
    } catch (error) {
      if (overdue.aborted)
        throw new DeliveryError(`The server was not done within ${this.#deliveryMs / 1000} s`, false)
      throw asDeliveryError(error as SmtpError)
    }
  }

  close(): void {
    this.#closing.abort()
    this.#transport.close()
  }
}

/** Passwords never go out in the clear, but to this machine. */
function security(url: string): { requireTLS?: true } {
  const { protocol, hostname, username } = new URL(url)
  return protocol === 'smtp:' && username !== '' && !LOCAL.includes(hostname) ? { requireTLS: true } : {}
}

/**
 * A record's mails are one thread: each answers a message that stands for the record and was never sent. They say that a
 * program wrote them (RFC 3834), so that no other program answers.
 */
export function mailOf(
  id: string,
  { head: { record, kind }, subject, text }: Pick<Notification, 'head' | 'subject' | 'text'>,
  { from, host, to }: { from: string; host: string; to: string },
): SendMailOptions & { messageId: string } {
  const thread = `<${record}@${host}>`
  return {
    from,
    // As an object, so that nothing in it is read as a second address.
    to: { name: '', address: to },
    subject,
    text,
    messageId: `<notification-${id}@${host}>`,
    inReplyTo: thread,
    references: thread,
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Auto-Response-Suppress': 'All',
      'X-Ledgerdesk-Record': record,
      'X-Ledgerdesk-Kind': kind,
    },
  }
}

interface SmtpError extends Error {
  /** Of the server's answer, when there was one. */
  responseCode?: number
}

function asDeliveryError({ message, responseCode = 0 }: SmtpError): DeliveryError {
  const permanent = responseCode >= 500 && !ABOUT_OUR_ACCOUNT.includes(responseCode)
  return new DeliveryError(message, permanent)
}
