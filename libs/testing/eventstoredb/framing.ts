import { gzipSync } from 'node:zlib'
import { status as code, Metadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js'
import type { AcceptedEncodings } from './accepted-encodings.js'
import { encode, type Outgoing } from './protocol.js'

/** Several answers that go out in one write: message by message, grpc-js would be the slowest part of the double. */
export class Answers {
  constructor(readonly messages: readonly Outgoing[]) {}
}

/** The parts of grpc-js's server call that its public interface lacks: its HTTP/2 stream, and what frames a message. */
interface BaseCall {
  readonly stream: object
  serializeMessage(message: Outgoing | Answers): Buffer
}

const PREFIX_BYTES = 5

/**
 * Frames what a call sends, in place of grpc-js, which neither sends several messages at once nor compresses.
 * Compressing is what KurrentDB does with every message since 25.1 for clients that offer it, and grpc-js always
 * does unless it is kept from it. `framing.spec.ts` notices when an update of grpc-js breaks this.
 * @param compressing undefined: nobody's answers are compressed
 */
export function framing(compressing: AcceptedEncodings | undefined): ServerInterceptor {
  return (_method, call) => {
    const base = call as unknown as BaseCall
    const compress = compressing?.gzip(base.stream) ?? false
    base.serializeMessage = (message) =>
      message instanceof Answers
        ? Buffer.concat(message.messages.flatMap((one) => frame(one, compress)))
        : Buffer.concat(frame(message, compress))
    return new ServerInterceptingCall(call, {
      sendMetadata: (metadata, next) => {
        const header = metadata ?? new Metadata()
        if (compress) header.set('grpc-encoding', 'gzip')
        next(header)
      },
      sendStatus: (status, next) => {
        if (!compress) status.metadata?.remove('grpc-encoding')
        // grpc-js writes "OK" where Kestrel writes nothing.
        next(status.code === code.OK ? { ...status, details: '' } : status)
      },
    })
  }
}

/** Length-prefixed message of gRPC over HTTP/2: a compressed flag, four bytes of length, the message. */
function frame(message: Outgoing, compress: boolean): Buffer[] {
  const body = compress ? gzipSync(encode(message)) : encode(message)
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt8(compress ? 1 : 0, 0)
  prefix.writeUInt32BE(body.length, 1)
  return [prefix, body]
}
