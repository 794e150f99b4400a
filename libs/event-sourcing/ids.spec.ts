import fc from 'fast-check'
import { v5 } from 'uuid'
import { derivedId, eventId, eventIds } from './ids.js'

describe('derived ids', () => {
  it('are UUIDs of version 5, as the package uuid makes them', () => {
    const parts = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.integer()), { maxLength: 5 })
    fc.assert(
      fc.property(parts, (list) => {
        const expected = v5(JSON.stringify(list), '5f1c7d0e-6d0b-4f44-9a53-0c8d3c1c2f6a')
        expect(derivedId(...list)).toBe(expected)
      }),
    )
  })

  it('stay what they are for ever', () => {
    expect(derivedId('a', 1)).toBe('6590645e-6164-5181-bc99-64f5d4746814')
  })

  it('of events are derived of command, stream and place, one by one or several at once', () => {
    const text = fc.string({ unit: 'binary' })
    fc.assert(
      fc.property(text, text, fc.nat(), (commandId, stream, index) => {
        const expected = derivedId('event', commandId, stream, index)
        expect(eventId(commandId, stream, index)).toBe(expected)
        expect(eventIds(commandId, stream)(index)).toBe(expected)
      }),
    )
  })

  it('differ when parts are cut elsewhere', () => {
    expect(derivedId('ab', 'c')).not.toBe(derivedId('a', 'bc'))
    expect(eventId('a', 'b-1', 1)).not.toBe(eventId('a', 'b-11', 1))
    expect(derivedId('1')).not.toBe(derivedId(1))
  })
})
