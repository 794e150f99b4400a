import fc from 'fast-check'
import { jsonCodec } from './codec.js'
import { Upcasters } from './upcasters.js'

const metadata = {
  actor: 'user-anna',
  channel: 'api' as const,
  occurredAt: '2026-01-01T00:00:00.000Z',
  commandId: '0d6f1a5e-52e4-4b0a-8b0e-0a1f6e2d9c11',
  correlationId: 'c1',
  schemaVersion: 1,
}
const recordedAt = '2026-01-01T00:00:01.000Z'
const milliseconds = Date.parse(recordedAt)

describe('jsonCodec', () => {
  it('gives back any JSON payload', () => {
    const codec = jsonCodec()
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        const decoded = codec.decode('Noted', codec.encode({ type: 'Noted', data, metadata }), milliseconds)
        expect(decoded).toEqual({
          data: JSON.parse(JSON.stringify(data)),
          metadata: { ...metadata, recordedAt },
        })
      }),
    )
  })

  it('refuses damaged text', () => {
    expect(() => jsonCodec().decode('Noted', { data: '{"a":', metadata: '{}' }, milliseconds)).toThrow(
      SyntaxError,
    )
  })

  it('reads an old event in the current shape, and leaves current ones alone', () => {
    const upcasters = new Upcasters()
      .register('Renamed', 1, (data) => ({ title: (data as { name: string }).name }))
      .register('Renamed', 2, (data) => ({ ...(data as object), language: 'en' }))
    const codec = jsonCodec(upcasters)
    const stored = (schemaVersion: number, data: unknown) =>
      codec.encode({ type: 'Renamed', data, metadata: { ...metadata, schemaVersion } })

    expect(upcasters.current('Renamed')).toBe(3)
    expect(upcasters.current('Noted')).toBe(1)
    expect(codec.decode('Renamed', stored(1, { name: 'Printer' }), milliseconds)).toEqual({
      data: { title: 'Printer', language: 'en' },
      metadata: { ...metadata, recordedAt, schemaVersion: 3 },
    })
    expect(codec.decode('Renamed', stored(2, { title: 'Printer' }), milliseconds).data).toEqual({
      title: 'Printer',
      language: 'en',
    })
    expect(
      codec.decode('Renamed', stored(3, { title: 'Drucker', language: 'de' }), milliseconds).data,
    ).toEqual({
      title: 'Drucker',
      language: 'de',
    })
  })

  it('lets events share their metadata where they were written at one time, and only there', () => {
    const codec = jsonCodec()
    const encoded = codec.encode({ type: 'Noted', data: {}, metadata })
    const first = codec.decode('Noted', encoded, milliseconds).metadata
    expect(codec.decode('Noted', encoded, milliseconds).metadata).toBe(first)
    expect(codec.decode('Noted', encoded, milliseconds + 1).metadata).toEqual({
      ...metadata,
      recordedAt: '2026-01-01T00:00:01.001Z',
    })
    expect(first.recordedAt).toBe(recordedAt)
  })

  it('refuses a chain with a hole', () => {
    expect(() => new Upcasters().register('Renamed', 2, (data) => data)).toThrow(/from version 1/)
  })
})
