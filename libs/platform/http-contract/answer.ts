import type { FastifyReply } from 'fastify'

export interface AnswerOptions {
  status?: number
  /** The record's revision, or another opaque tag; quoted here. */
  etag?: number | string
  /** Position of the command's last event, or that a query has reached. */
  position?: string
  location?: string
  headers?: Readonly<Record<string, string>>
}

/** What a handler returns when it has more to say than a body. */
export class Answer<Body = unknown> {
  constructor(
    readonly body: Body,
    readonly options: AnswerOptions = {},
  ) {}

  static notModified(etag: number | string): Answer<undefined> {
    return new Answer(undefined, { status: 304, etag })
  }
}

/** JSON that is text already, as it comes from a query thread; sent as it is. */
export class RawJson extends Answer<string | Buffer> {
  constructor(text: string | Buffer | Uint8Array, options: AnswerOptions = {}) {
    super(
      typeof text === 'string' ? text : Buffer.from(text.buffer, text.byteOffset, text.byteLength),
      options,
    )
  }
}

/** Writes status and headers of an answer. */
export function applyAnswer(reply: FastifyReply, answer: Answer): void {
  const { status, etag, position, location, headers } = answer.options
  if (status !== undefined) reply.status(status)
  if (etag !== undefined) reply.header('etag', `"${etag}"`)
  if (position !== undefined) reply.header('itsm-position', position)
  if (location !== undefined) reply.header('location', location)
  if (headers !== undefined) reply.headers(headers)
  if (answer instanceof RawJson && !reply.hasHeader('content-type')) {
    reply.header('content-type', 'application/json; charset=utf-8')
  }
}
