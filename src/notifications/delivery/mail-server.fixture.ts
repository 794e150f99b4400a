import type { AddressInfo } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { eventually } from '#libs/testing'

/** A real SMTP server on a free port, which keeps what it takes. */
export class MailServer {
  readonly mails: ParsedMail[] = []
  /** Addresses that it refuses, with the code of the refusal. */
  readonly refused = new Map<string, number>()
  /** Called between the end of a mail and the server's answer. */
  beforeAnswer: (mail: ParsedMail) => Promise<void> = async () => {}
  readonly #server: SMTPServer

  private constructor() {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      closeTimeout: 100,
      onRcptTo: ({ address }, _session, callback) => {
        const responseCode = this.refused.get(address)
        callback(responseCode ? Object.assign(new Error(`not ${address}`), { responseCode }) : undefined)
      },
      onData: (stream, _session, callback) => {
        simpleParser(stream)
          .then(async (mail) => {
            this.mails.push(mail)
            await this.beforeAnswer(mail)
          })
          .then(() => callback(), callback)
      },
    })
    this.#server.on('error', () => {
      // Of a connection that its client gave up.
    })
  }

  static async start(port = 0): Promise<MailServer> {
    const server = new MailServer()
    await new Promise<void>((listening) => server.#server.listen(port, '127.0.0.1', listening))
    return server
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`
  }

  /** Mails to an address, once there are so many. */
  async mailsTo(address: string, count = 1): Promise<ParsedMail[]> {
    return eventually(
      `${count} mails to ${address}`,
      () => {
        const found = this.mails.filter(({ to }) => [to].flat().some((list) => list?.text === address))
        return found.length >= count && found
      },
      20_000,
    )
  }

  stop(): Promise<void> {
    return new Promise((stopped) => this.#server.close(() => stopped()))
  }
}
