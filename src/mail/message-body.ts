import type { FastifyInstance } from 'fastify'
import type { Configuration } from '#libs/platform'

/** Media type of a message as it goes from one mail server to the next. */
export const MESSAGE = 'message/rfc822'

/** Bytes of the largest message: the largest attachment, which Base64 makes a third longer, and what stands around it. */
export function largestMessage({ attachmentMaxBytes, bodyLimit }: Configuration): number {
  return Math.ceil(attachmentMaxBytes / 3) * 4 + bodyLimit
}

/** Lets the server read messages, up to that size, as bytes. */
export function readMessages(fastify: FastifyInstance, configuration: Configuration): void {
  const options = { parseAs: 'buffer', bodyLimit: largestMessage(configuration) } as const
  fastify.addContentTypeParser(MESSAGE, options, (_request, body, done) => done(null, body))
}
