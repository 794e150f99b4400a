import { commandMetadata } from '#libs/testing'
import * as c from './change.commands.js'
import { CHANGE_RIGHTS, requesterMay, rolesThatMay } from './change.rights.js'
import { ChangeStory } from './change.story.fixture.js'

const metadata = commandMetadata({ actor: 'rita' })

it('there is a right for every command, and only the program does what follows by itself', () => {
  expect(Object.keys(CHANGE_RIGHTS).sort()).toEqual(c.CHANGE_COMMANDS.map(({ name }) => name).sort())
  const program = Object.entries(CHANGE_RIGHTS).filter(([, { roles }]) => roles.length === 0)
  expect(program.map(([type]) => type)).toEqual([
    'AskApproval',
    'RecordApprovalOutcome',
    'RecordRatificationOverdue',
    'RecordValuesRefused',
  ])
  expect(rolesThatMay('OverrideBlackout')).toEqual(['change-manager'])
})

it('a requester opens a normal change for herself, says something of it, and cancels it while it is New', () => {
  const { change: record } = new ChangeStory().open()
  const open = (data: object) =>
    requesterMay(new c.OpenChange(undefined, { type: 'normal', ...data }, metadata), 'rita', record)
  expect(open({})).toBe(true)
  expect(open({ requester: 'rita' })).toBe(true)
  for (const more of [
    { type: 'emergency' },
    { requester: 'rob' },
    { group: 'network' },
    { assignee: 'ivan' },
    { audience: { kind: 'participants' } },
  ])
    expect([more, open(more)]).toEqual([more, false])
  const comment = new c.CommentOnChange('CHG1', { text: 'Please.' }, metadata)
  expect(requesterMay(comment, 'rita', record)).toBe(true)
  expect(requesterMay(comment, 'rob', record)).toBe(false)
  const cancel = new c.CancelChange('CHG1', { notes: 'No.' }, metadata)
  expect(requesterMay(cancel, 'rita', record)).toBe(true)
  expect(requesterMay(cancel, 'rita', new ChangeStory().open().submit().change)).toBe(false)
  expect(requesterMay(new c.SubmitChange('CHG1', {}, metadata), 'rita', record)).toBe(false)
})
