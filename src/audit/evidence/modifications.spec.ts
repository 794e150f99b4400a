import { recorded } from '#libs/testing'
import type { CiEvent } from '../../configuration/domain/configuration.events.js'
import { modificationsIn } from './modifications.js'

const AT = '2026-03-02T08:00:00.000Z'

function told(event: CiEvent): [attribute: string, before: unknown, after: unknown][] {
  const [stored] = recorded<CiEvent>('ci-CI0000001', [event], { occurredAt: AT, actor: 'ann' })
  const found = modificationsIn(stored!)
  for (const one of found)
    expect(one).toMatchObject({ ci: 'CI0000001', at: AT, actor: 'ann', event: stored!.id })
  return found.map(({ attribute, before, after }) => [attribute, before, after])
}

describe('What an event has changed of an item', () => {
  it('are attributes, with what stood there before', () => {
    const changes = { ramGigabytes: { before: 8, after: 16 }, owner: { before: 'x', after: null } }
    expect(told({ type: 'CiChanged', data: { changes } })).toEqual([
      ['ramGigabytes', 8, 16],
      ['owner', 'x', null],
    ])
  })

  it('are its name, class and status', () => {
    expect(told({ type: 'CiRenamed', data: { before: 'a', after: 'b' } })).toEqual([['name', 'a', 'b']])
    expect(told({ type: 'CiReclassified', data: { before: 'pc', after: 'server' } })).toEqual([
      ['class', 'pc', 'server'],
    ])
    expect(told({ type: 'CiRetired', data: {} })).toEqual([['status', 'live', 'retired']])
  })

  it('is all that a correction tells, of whose past nobody says what stood there', () => {
    const data = { name: 'b', status: 'retired', attributes: { owner: null, ramGigabytes: 16 } } as const
    expect(told({ type: 'CiCorrected', data })).toEqual([
      ['name', undefined, 'b'],
      ['status', undefined, 'retired'],
      ['owner', undefined, null],
      ['ramGigabytes', undefined, 16],
    ])
    // Only what it corrects (counter-proof)
    expect(told({ type: 'CiCorrected', data: { status: 'live' } })).toEqual([['status', undefined, 'live']])
  })

  it('is told with the end of a correction that has one', () => {
    const until = '2026-03-03T08:00:00.000Z'
    const corrections = (data: object) =>
      recorded<CiEvent>('ci-CI0000001', [{ type: 'CiCorrected', data }]).flatMap(modificationsIn)
    expect(corrections({ name: 'b', until })).toMatchObject([{ attribute: 'name', until }])
    expect(corrections({ name: 'b' })[0]).not.toHaveProperty('until')
  })

  it('is nothing where it was only seen', () => {
    expect(told({ type: 'CiObserved', data: {} })).toEqual([])
  })
})
