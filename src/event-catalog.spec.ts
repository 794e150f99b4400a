import { type DomainEvent, InvalidInput } from '#libs/event-sourcing'
import {
  type ContentEventType,
  type Entries,
  EVENT_CATALOGUE,
  refuseUnknownTypes,
  schemaVersionOf,
} from './event-catalog.js'

describe('the event catalogue', () => {
  it('names versions and streams', () => {
    expect(schemaVersionOf('IncidentOpened')).toBe(1)
    expect(EVENT_CATALOGUE.get('MemberAdded')?.stream).toBe('group-')
    for (const { stream } of EVENT_CATALOGUE.values()) expect(stream).toMatch(/^[a-z]+-$/)
  })

  it('has no stream prefix that begins another: whoever follows one gets nothing of the other', () => {
    const prefixes = [...new Set([...EVENT_CATALOGUE.values()].map(({ stream }) => stream))]
    for (const prefix of prefixes)
      expect(prefixes.filter((other) => other.startsWith(prefix))).toEqual([prefix])
  })

  it('refuses a type that it does not know', () => {
    expect(() => schemaVersionOf('IncidentForgotten')).toThrow('not in the catalogue')
  })

  it('names each type that a reader asks for and that does not exist', () => {
    const refuse = () => refuseUnknownTypes(['IncidentOpened', 'IncidentOpend', 'none'])
    expect(refuse).toThrow(InvalidInput)
    expect(refuse).toThrow(/^There is no event type IncidentOpend, none; there are .*IncidentOpened/)
    expect(() => refuseUnknownTypes(['IncidentOpened'])).not.toThrow()
    expect(() => refuseUnknownTypes()).not.toThrow()
  })

  it('says where people are, as paths into the data', () => {
    expect([...(EVENT_CATALOGUE.get('IncidentHeld')?.personal ?? [])]).toEqual([
      ['hold.comment', { holds: 'freeText', whose: 'author' }],
      ['source', { holds: 'freeText', whose: 'caller' }],
    ])
    expect(EVENT_CATALOGUE.get('PersonRegistered')?.personal.get('email')).toEqual({
      holds: 'personalData',
      whose: 'stream',
    })
  })

  it('lets names of people stand in their own streams only', () => {
    for (const { stream, personal } of EVENT_CATALOGUE.values()) {
      const names = [...personal.values()].filter(({ holds }) => holds === 'personalData')
      expect([stream, names.length > 0 && stream !== 'person-']).toEqual([stream, false])
    }
  })
})

it('does not compile with a type or field too few or too many (counter-proof, by tsc)', () => {
  type Two =
    | DomainEvent<'Named', { name: string; note?: string }>
    | DomainEvent<'Ended', { by: { id: string } }>
  const Named = { version: 1, fields: { name: 'plain', note: 'plain' } } as const
  const Ended = { version: 1, fields: { by: { id: 'plain' } } } as const
  const catalogues: Entries<Two>[] = [
    { Named, Ended },
    // @ts-expect-error a type is missing
    { Named },
    // @ts-expect-error a type is surplus
    { Named, Ended, Gone: Named },
    // @ts-expect-error a field has no mark
    { Named: { version: 1, fields: { name: 'plain' } }, Ended },
    // @ts-expect-error a mark has no field
    { Named: { version: 1, fields: { name: 'plain', note: 'plain', colour: 'plain' } }, Ended },
    // @ts-expect-error a field of a field has no mark
    { Named, Ended: { version: 1, fields: { by: {} } } },
  ]
  expect(catalogues).toHaveLength(6)
})

it('does not compile without a type whose events name content (counter-proof, by tsc)', () => {
  type Three =
    | DomainEvent<'Attached', { hash: string; size: number; name: string }>
    | DomainEvent<'Received', { hash: string; size: number }>
    | DomainEvent<'Approved', { hash: string }>
  const lists: Record<ContentEventType<Three>, true>[] = [
    { Attached: true, Received: true },
    // @ts-expect-error a type is missing
    { Attached: true },
    // @ts-expect-error the hash is not of content
    { Attached: true, Received: true, Approved: true },
  ]
  expect(lists).toHaveLength(3)
})
