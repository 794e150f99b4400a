import type { Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { Server } from '@grpc/grpc-js'

/** Where grpc-js keeps the HTTP/2 servers of a gRPC server, which its public interface lacks. */
interface WithHttp2Servers {
  http2Servers: ReadonlyMap<Http2Server, unknown>
}

/**
 * Which calls offered to take gzip (`grpc-accept-encoding`, gRPC's "Compression"). A grpc-js server takes the header away
 * before anybody sees it, so it is read from the HTTP/2 stream.
 */
export class AcceptedEncodings {
  readonly #gzip = new WeakSet<object>()

  /** Looks at every call that this server gets from now on. */
  watch(server: Server): void {
    for (const http2Server of (server as unknown as WithHttp2Servers).http2Servers.keys()) {
      http2Server.prependListener('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
        const offered = String(headers['grpc-accept-encoding'] ?? '').split(',')
        if (offered.some((encoding) => encoding.trim() === 'gzip')) this.#gzip.add(stream)
      })
    }
  }

  /** Whether the client of a call, given by its HTTP/2 stream, offered gzip. */
  gzip(stream: object): boolean {
    return this.#gzip.has(stream)
  }
}
