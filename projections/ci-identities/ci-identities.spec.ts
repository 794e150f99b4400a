import { recorded } from '#libs/testing'
import type { CiEvent } from '../../src/configuration/domain/configuration.events.js'
import { ciIdentities } from './ci-identities.js'

const day = (n: number) => ({ occurredAt: `2026-01-0${n}T09:00:00.000Z` })
const registered = {
  type: 'CiRegistered',
  data: { class: 'server', name: 'db-01', attributes: { serialNumber: 'S1' } },
  metadata: day(1),
} as const
const identityAfter = (...events: (CiEvent & { metadata: { occurredAt: string } })[]) =>
  recorded<CiEvent>('ci-CI0000001', [registered, ...events]).reduce(
    (identity, event) => ciIdentities.evolve(identity ?? undefined, event) ?? undefined,
    undefined as ReturnType<typeof ciIdentities.evolve>,
  )

describe('ci_identities', () => {
  it('has a CI by its name and attributes as they are now', () => {
    expect(identityAfter()).toMatchObject({
      id: 'CI0000001',
      class: 'server',
      status: 'live',
      identifiers: ['name="db-01"', 'serialNumber="S1"'],
    })
    const changes = { serialNumber: { before: 'S1', after: null }, ram: { before: null, after: 8 } }
    const changed = { type: 'CiChanged', data: { changes }, metadata: day(2) } as const
    const renamed = {
      type: 'CiRenamed',
      data: { before: 'db-01', after: 'db-02' },
      metadata: day(3),
    } as const
    expect(identityAfter(changed, renamed)?.identifiers).toEqual(['name="db-02"', 'ram=8'])
    expect(identityAfter({ type: 'CiRetired', data: {}, metadata: day(2) })?.status).toBe('retired')
  })

  it('is corrected as far as nothing later is known', () => {
    const changes = { serialNumber: { before: 'S1', after: 'S3' } }
    const changed = { type: 'CiChanged', data: { changes }, metadata: day(3) } as const
    const corrected = (on: number, until?: string) =>
      ({
        type: 'CiCorrected',
        data: { attributes: { serialNumber: 'S2' }, until },
        metadata: day(on),
      }) as const
    expect(identityAfter(changed, corrected(2))?.values.serialNumber).toBe('S3')
    expect(identityAfter(changed, corrected(4))?.values.serialNumber).toBe('S2')
    expect(identityAfter(changed, corrected(4, '2026-01-05T00:00:00.000Z'))?.values.serialNumber).toBe('S3')
  })

  it('knows of no reservations of names', () => {
    const [event] = recorded<CiEvent>('ci-CI0000001', [
      { type: 'CiProposed', data: { class: 'a', name: 'b' } },
    ])
    expect(ciIdentities.key(event!)).toBeUndefined()
  })
})
