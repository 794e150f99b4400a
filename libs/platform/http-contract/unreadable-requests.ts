import type { Socket } from 'node:net'
import { PROBLEM_MEDIA_TYPE, toProblem } from '../problem-details.js'

const CAUSES: Readonly<Record<string, { statusCode: number; message: string }>> = {
  HPE_HEADER_OVERFLOW: { statusCode: 431, message: 'Address and headers are together more than 16 KiB.' },
  ERR_HTTP_REQUEST_TIMEOUT: { statusCode: 408, message: 'The request did not arrive in time.' },
}
const MALFORMED = { statusCode: 400, message: 'This is no HTTP/1.1 request.' }

/** Answers what Node's HTTP parser cannot read, and Fastify therefore never sees, with a problem document as well. */
export function answerUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const { statusCode, message } = CAUSES[error.code ?? ''] ?? MALFORMED
  const { body } = toProblem(Object.assign(new Error(message), { statusCode }))
  const text = JSON.stringify(body)
  const head = [
    `HTTP/1.1 ${statusCode} ${body.title}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
    `X-Request-Id: ${body.instance.slice('urn:uuid:'.length)}`,
    'Connection: close',
  ]
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${text}`)
  socket.destroySoon()
}
