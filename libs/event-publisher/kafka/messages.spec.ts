import kafkajs from 'kafkajs'
import { compress } from 'snappy'
import { outgoing } from '../event-publisher.contract.js'
import { sizeOf, toKafkaMessage } from './cloud-event-message.js'
import { compressionType } from './compression.js'

describe('A message', () => {
  it('has no header for what is not set, and text for what is', () => {
    const { headers } = toKafkaMessage({ ...outgoing(1), causationid: undefined, reason: null, revision: 0 })
    expect(headers).not.toHaveProperty('ce_causationid')
    expect(headers).not.toHaveProperty('ce_reason')
    expect(headers).not.toHaveProperty('ce_data')
    expect(headers?.ce_revision).toBe('0')
  })

  it.each([null, undefined])('with data %s is no tombstone', (data) => {
    expect(toKafkaMessage({ ...outgoing(1), data }).value).toBe('null')
  })

  it('is reckoned at no less than its texts', () => {
    const message = toKafkaMessage({ ...outgoing(1), data: { text: 'ä'.repeat(1_000) } })
    expect(sizeOf(message)).toBeGreaterThan(2_000)
  })
})

describe('Snappy', () => {
  const codec = () => {
    const type = compressionType('snappy')
    expect(type).toBe(kafkajs.CompressionTypes.Snappy)
    return kafkajs.CompressionCodecs[kafkajs.CompressionTypes.Snappy]()
  }
  const text = Buffer.from('the same words over and over '.repeat(50))

  it('gives back what it took, smaller', async () => {
    const compressed: Buffer = await codec().compress({ buffer: text })
    expect(compressed.length).toBeLessThan(text.length / 4)
    expect(await codec().decompress(compressed)).toEqual(text)
  })

  it('reads the frames of Java clients', async () => {
    const block = async (part: Buffer) => {
      const compressed = await compress(part)
      const length = Buffer.alloc(4)
      length.writeInt32BE(compressed.length)
      return Buffer.concat([length, compressed])
    }
    const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
    const framed = Buffer.concat([
      header,
      await block(text.subarray(0, 700)),
      await block(text.subarray(700)),
    ])
    expect(await codec().decompress(framed)).toEqual(text)
  })

  it('refuses what is damaged (counter-proof)', async () => {
    const compressed: Buffer = await codec().compress({ buffer: text })
    await expect(codec().decompress(compressed.subarray(0, 20))).rejects.toThrow()
  })
})
