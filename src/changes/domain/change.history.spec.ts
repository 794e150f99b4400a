import type { RecordedEvent } from '#libs/event-sourcing'
import { recorded } from '#libs/testing'
import * as c from './change.commands.js'
import type { ChangeEvent } from './change.events.js'
import { changeTimeline, requesterChangeTimeline } from './change.history.js'
import { ChangeStory, IN_WINDOW } from './change.story.fixture.js'

function told() {
  const story = new ChangeStory().open()
  story.send(c.NoteOnChange, { text: 'canary' })
  story.send(c.AttachFileToChange, {
    hash: 'a'.repeat(64),
    name: 'canary.txt',
    contentType: 'text/plain',
    size: 4,
  })
  story.send(c.CommentOnChange, { text: 'Soon' }, { actor: 'ann', reason: 'canary' })
  story.send(c.EditPlan, { implementation: 'canary', title: 'Release 3' })
  story.submit().ask().outcome('approved')
  story.send(c.StartImplementation, {}, IN_WINDOW)
  return changeTimeline(story.events as RecordedEvent<ChangeEvent>[], new Set())
}

it('names what is in its way only to those who may see it', () => {
  const period = { start: '2026-03-02T20:00:00.000Z', end: '2026-03-02T21:00:00.000Z' }
  const conflict = { kind: 'ci-busy', ci: 'CI1', change: 'CHG0000002', period }
  const found = recorded<ChangeEvent>('change-CHG0000001', [
    { type: 'ConflictAppeared', data: { conflict, inputs: {} } } as never,
  ])
  const words = (...seen: string[]) => changeTimeline(found, new Set(seen)).map(({ what }) => what)
  expect(words('CHG0000002')).toEqual(['Conflict: ci-busy (CI1, CHG0000002)'])
  expect(words()).toEqual(['Conflict: ci-busy (CI1, another change)'])
})

it('tells every event in words, with before and after', () => {
  const entries = told()
  for (const { what, type } of entries) expect(what).not.toBe(type)
  const edited = entries.find(({ type }) => type === 'ChangePlanEdited')
  expect(edited?.what).toBe('Plan edited: title, implementation')
  expect(edited?.changes).toEqual([
    { field: 'title', from: 'Release 2', to: 'Release 3' },
    { field: 'implementation', from: 'Install it.', to: 'canary' },
  ])
  const states = entries.flatMap(({ changes }) =>
    changes.filter(({ field }) => field === 'state').map(({ to }) => to),
  )
  expect(states).toEqual(['New', 'Assess', 'Authorize', 'Scheduled', 'Implement'])
})

it('tells requesters what happened, not how it is done, by which rules, or what colleagues say', () => {
  const entries = requesterChangeTimeline(told(), 'rita')
  expect(JSON.stringify(entries)).not.toMatch(/canary|implementation|risk|round|Install/)
  // Of people those alone who did it themselves: the approver is none of her fields
  expect(told().map(({ what }) => what)).toContain('Approved by ann')
  expect(entries.map(({ what }) => what).join()).not.toMatch(/\b(ann|ivan)\b/)
  for (const what of ['Approved', 'Implementation started'])
    expect(entries.map((entry) => entry.what)).toContain(what)
  expect(entries.map(({ what }) => what)).toContain('Plan edited')
  expect(entries.find(({ text }) => text === 'Soon')).toBeDefined()
})
