import * as c from './change.commands.js'
import { ChangeStory, IN_WINDOW } from './change.story.fixture.js'

const FILE = { hash: 'a'.repeat(64), name: 'test-protocol.txt', contentType: 'text/plain', size: 4 }

describe('a file', () => {
  it('is attached once, by its content and name', () => {
    const story = new ChangeStory().open()
    expect(story.send(c.AttachFileToChange, FILE)).toEqual([{ type: 'ChangeFileAttached', data: FILE }])
    expect(story.send(c.AttachFileToChange, FILE)).toEqual([])
    expect(story.send(c.AttachFileToChange, { ...FILE, name: 'b.txt' })).toHaveLength(1)
    expect(story.send(c.AttachFileToChange, { ...FILE, hash: 'b'.repeat(64) })).toHaveLength(1)
    expect(story.refused(c.AttachFileToChange, { ...FILE, name: ' ' })).toBe('CHANGE.TEXT_REQUIRED')
    expect(story.refused(c.AttachFileToChange, { ...FILE, hash: 'A' })).toBe('CHANGE.HASH_MALFORMED')
    expect(new ChangeStory().refused(c.AttachFileToChange, FILE)).toBe('CHANGE.UNKNOWN')
  })

  it('is no part of the plan: the approval stands, and the change is implemented by it', () => {
    const story = new ChangeStory().approved()
    const { stage } = story.change
    story.send(c.AttachFileToChange, FILE)
    expect(story.change.stage).toEqual(stage)
    // What the approval is bound to does void it
    const edited = new ChangeStory().approved()
    edited.send(c.EditPlan, { implementation: 'Otherwise.' })
    expect(edited.state).toBe('Authorize')
    story.send(c.StartImplementation, {}, IN_WINDOW)
    expect(story.state).toBe('Implement')
  })

  it('is taken while the change is on hold, and until it is over', () => {
    const held = new ChangeStory().open()
    held.send(c.HoldChange, { reason: 'awaiting vendor' })
    expect(held.send(c.AttachFileToChange, FILE)).toHaveLength(1)
    const closed = new ChangeStory().implementing()
    closed.send(c.EndImplementation, { outcome: 'successful', notes: 'Done.' }, IN_WINDOW)
    expect(closed.send(c.AttachFileToChange, FILE)).toHaveLength(1)
    closed.send(c.CloseChange)
    expect(closed.refused(c.AttachFileToChange, { ...FILE, name: 'b.txt' })).toBe('CHANGE.CLOSED')
    const canceled = new ChangeStory().open()
    canceled.send(c.CancelChange, { notes: 'No.' })
    expect(canceled.refused(c.AttachFileToChange, FILE)).toBe('CHANGE.CANCELED')
  })
})
