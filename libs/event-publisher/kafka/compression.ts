import kafkajs from 'kafkajs'
import { compress, uncompress } from 'snappy'

const { CompressionCodecs, CompressionTypes } = kafkajs

export const COMPRESSIONS = ['snappy', 'gzip', 'none'] as const
export type Compression = (typeof COMPRESSIONS)[number]

const TYPES = {
  snappy: CompressionTypes.Snappy,
  gzip: CompressionTypes.GZIP,
  none: CompressionTypes.None,
} as const satisfies Record<Compression, number>

/** The type for kafkajs, whose own codecs are none and gzip; snappy is registered when it is first wanted. */
export function compressionType(compression: Compression): (typeof TYPES)[Compression] {
  if (compression === 'snappy') registerSnappy()
  return TYPES[compression]
}

/** kafkajs keeps codecs for the whole process; consumers need this too before they read what was compressed so. */
export function registerSnappy(): void {
  CompressionCodecs[CompressionTypes.Snappy] = () => ({
    compress: ({ buffer }: { buffer: Buffer }) => compress(buffer),
    decompress: (buffer: Buffer) => uncompressBlocks(buffer),
  })
}

/**
 * What Java clients and brokers call snappy is a frame of the library snappy-java around blocks: 8 bytes of magic, two
 * 32-bit versions, then blocks with a 32-bit big-endian length before each. Brokers and all clients also read a bare
 * block, which is what we write. Source: snappy-java, `SnappyCodec` and `SnappyInputStream`.
 */
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const FRAME_HEADER_BYTES = 16

async function uncompressBlocks(framed: Buffer): Promise<Buffer> {
  if (!framed.subarray(0, MAGIC.length).equals(MAGIC)) return uncompressBlock(framed)
  const blocks: Buffer[] = []
  for (let at = FRAME_HEADER_BYTES; at < framed.length; ) {
    const end = at + 4 + framed.readInt32BE(at)
    blocks.push(await uncompressBlock(framed.subarray(at + 4, end)))
    at = end
  }
  return Buffer.concat(blocks)
}

async function uncompressBlock(block: Buffer): Promise<Buffer> {
  return (await uncompress(block, { asBuffer: true })) as Buffer
}
