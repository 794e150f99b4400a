import { gzipSync } from 'node:zlib'
import { Metadata, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js'

/** The parts of grpc-js's server call that compression needs and its public interface lacks. */
interface BaseCall {
  handler: { serialize(message: unknown): Buffer }
  serializeMessage(message: unknown): Buffer
}

const PREFIX_BYTES = 5
const COMPRESSED = 1

/**
 * Compresses every response message with gzip and says so in `grpc-encoding`, as KurrentDB does since 25.1 for
 * clients that offer it, and grpc-js always does. grpc-js itself cannot compress what a server sends, so its framing
 * is replaced call by call; `compression.spec.ts` notices when an update of grpc-js breaks that.
 */
export const compressingInterceptor: ServerInterceptor = (_method, call) => {
  const base = call as unknown as BaseCall
  base.serializeMessage = (message) => frame(gzipSync(base.handler.serialize(message)))
  return new ServerInterceptingCall(call, {
    sendMetadata: (metadata, next) => {
      const compressed = metadata ?? new Metadata()
      compressed.set('grpc-encoding', 'gzip')
      next(compressed)
    },
  })
}

function frame(message: Buffer): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt8(COMPRESSED, 0)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}
