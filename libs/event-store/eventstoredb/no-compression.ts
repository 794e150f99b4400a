import { CompressionFilter } from '@grpc/grpc-js/build/src/compression-filter.js'

/**
 * Asks servers not to compress what they send. KurrentDB compresses every message since 25.1 when the client offers to
 * take it, and `@grpc/grpc-js` always offers, with no option against it: reading then costs the client seven times the
 * processor time. The filter that sets the header is the last one that touches it, so it is amended there, once
 * for the process; other users of grpc-js in the process lose nothing but compressed answers.
 */
export function refuseCompressedAnswers(): void {
  if (refused) return
  refused = true
  const { sendMetadata } = CompressionFilter.prototype
  CompressionFilter.prototype.sendMetadata = async function (metadata) {
    const headers = await sendMetadata.call(this, metadata)
    headers.set('grpc-accept-encoding', 'identity')
    return headers
  }
}
let refused = false
