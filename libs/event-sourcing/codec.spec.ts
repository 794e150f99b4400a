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

describe('jsonCodec', () => {
  it('gives back any JSON payload', () => {
    const codec = jsonCodec()
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        const decoded = codec.decode('Noted', codec.encode({ type: 'Noted', data, metadata }))
        expect(decoded).toEqual({ data: JSON.parse(JSON.stringify(data)), metadata })
      }),
    )
  })

  it('refuses damaged text', () => {
    expect(() => jsonCodec().decode('Noted', { data: '{"a":', metadata: '{}' })).toThrow(SyntaxError)
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
    expect(codec.decode('Renamed', stored(1, { name: 'Printer' }))).toEqual({
      data: { title: 'Printer', language: 'en' },
      metadata: { ...metadata, schemaVersion: 3 },
    })
    expect(codec.decode('Renamed', stored(2, { title: 'Printer' })).data).toEqual({
      title: 'Printer',
      language: 'en',
    })
    expect(codec.decode('Renamed', stored(3, { title: 'Drucker', language: 'de' })).data).toEqual({
      title: 'Drucker',
      language: 'de',
    })
  })

  it('refuses a chain with a hole', () => {
    expect(() => new Upcasters().register('Renamed', 2, (data) => data)).toThrow(/from version 1/)
  })
})
