import type { RecordedEvent } from '#libs/event-sourcing'
import { recorded } from '#libs/testing'
import { withListedChanges, withListedFields } from './listed-fields.js'

const told = (type: string, data: object): RecordedEvent =>
  recorded('thing-1', [{ type, data }], { reason: 'between us' })[0]!

describe('an event on a topic', () => {
  const event = told('Opened', { title: 'Slow', notes: 'he was cross', group: undefined })

  it('has the fields that are listed, and neither the others nor its reason', () => {
    const shown = withListedFields(event, { Opened: ['title', 'group'] })
    expect(shown).toMatchObject({ id: event.id, type: 'Opened', data: { title: 'Slow' } })
    expect(JSON.stringify(shown)).not.toMatch(/cross|between us/)
    expect(shown?.metadata).toEqual({ ...event.metadata, reason: undefined })
  })

  it('never leaves when it is internal or of a type that nobody has listed', () => {
    expect(withListedFields(event, { Opened: 'internal' })).toBeUndefined()
    expect(withListedFields(event, { Closed: ['title'] })).toBeUndefined()
  })

  it('of changes tells those of listed fields, and nothing when there are none', () => {
    const change = { from: null, to: 1 }
    const changed = told('Changed', { changes: { title: change, notes: change } })
    expect(withListedChanges(changed, ['title'])?.data).toEqual({ changes: { title: change } })
    expect(withListedChanges(changed, ['group'])).toBeUndefined()
    expect(withListedChanges(undefined, ['title'])).toBeUndefined()
  })
})
