import type { Audience } from '#libs/access'
import type { ToldEvent } from '#libs/testing'
import * as c from './change.commands.js'
import type { ChangeEvent } from './change.events.js'
import { ChangeStory, IN_WINDOW } from './change.story.fixture.js'

const GROUPS: Audience = { kind: 'groups', groups: ['network'] }
const PUBLIC: Audience = { kind: 'public' }

const watches = (person: string): ChangeEvent => ({ type: 'ChangeWatcherAdded', data: { person } })
const restricted = (approvals: readonly string[] = []): ChangeEvent => ({
  type: 'ChangeAudienceChanged',
  data: { audience: GROUPS, previous: PUBLIC, approvals },
})

function story(audience?: Audience): ChangeStory {
  const told = new ChangeStory()
  const left: ToldEvent[] = [
    { type: 'PersonRegistered', data: { name: 'Lea' } },
    { type: 'PersonDeactivated', data: {} },
  ]
  told.others.set('person-lea', left)
  told.others.set('group-network', [
    { type: 'GroupRegistered', data: { name: 'Network' } },
    { type: 'MemberAdded', data: { person: 'ann' } },
  ])
  told.send(c.OpenChange, { type: 'normal', title: 'Release 2', group: 'network', audience })
  return told
}

describe('Watchers of a change', () => {
  it('are people who are there, each once, in every state', () => {
    const told = story()
    expect(told.send(c.AddChangeWatcher, { person: 'ann' })).toEqual([watches('ann')])
    expect(told.send(c.AddChangeWatcher, { person: 'ann' })).toEqual([])
    expect(told.refused(c.AddChangeWatcher, { person: 'nobody' })).toBe('CHANGE.PERSON_UNKNOWN')
    expect(told.refused(c.AddChangeWatcher, { person: 'lea' })).toBe('CHANGE.PERSON_INACTIVE')
    told.send(c.CancelChange, { notes: 'No.' })
    expect(told.send(c.AddChangeWatcher, { person: 'rita' })).toEqual([watches('rita')])
  })

  it('leave, when they were there', () => {
    const told = story()
    told.send(c.AddChangeWatcher, { person: 'ann' })
    const left = [{ type: 'ChangeWatcherRemoved', data: { person: 'ann' } }]
    expect(told.send(c.RemoveChangeWatcher, { person: 'ann' })).toEqual(left)
    expect(told.send(c.RemoveChangeWatcher, { person: 'ann' })).toEqual([])
  })
})

describe('The audience of a change', () => {
  it('is changed in every state, once', () => {
    const told = story()
    expect(told.send(c.SetChangeAudience, { audience: GROUPS })).toEqual([restricted()])
    expect(told.send(c.SetChangeAudience, { audience: GROUPS })).toEqual([])
    told.send(c.CancelChange, { notes: 'No.' })
    expect(told.send(c.SetChangeAudience, { audience: PUBLIC })).toMatchObject([
      { data: { previous: GROUPS } },
    ])
  })

  it('has groups that are there, at least one', () => {
    const told = story()
    const named = (...groups: string[]) => ({ audience: { kind: 'groups', groups } })
    expect(told.refused(c.SetChangeAudience, named('nobodies'))).toBe('CHANGE.GROUP_UNKNOWN')
    expect(told.refused(c.SetChangeAudience, named())).toBe('CHANGE.AUDIENCE_EMPTY')
    const opening = new ChangeStory()
    expect(opening.refused(c.OpenChange, { type: 'normal', title: 'x', ...named('nobodies') })).toBe(
      'CHANGE.GROUP_UNKNOWN',
    )
  })

  it('has those in it who work on it when it is narrowed', () => {
    const told = story()
    told.send(c.AssignChange, { assignee: 'ann' })
    told.send(c.AddChangeTask, { title: 'Stop it', assignee: 'bob' })
    told.send(c.AddChangeTask, { title: 'Start it', assignee: 'ann' })
    expect(told.send(c.SetChangeAudience, { audience: GROUPS })).toEqual([
      watches('ann'),
      watches('bob'),
      restricted(),
    ])
    const begun = new ChangeStory().implementing()
    begun.others.set('group-network', [{ type: 'GroupRegistered', data: { name: 'Network' } }])
    const events = begun.send(c.SetChangeAudience, { audience: GROUPS })
    expect(events[0]).toEqual(watches(IN_WINDOW.actor))
  })

  it('has those in it who come to work on it later; a public one has no need to', () => {
    for (const [audience, admitted] of [
      [GROUPS, [watches('ann')]],
      [undefined, []],
    ] as const) {
      const told = story(audience)
      expect(told.send(c.AssignChange, { assignee: 'ann' }).slice(1)).toEqual(admitted)
      expect(told.send(c.AddChangeTask, { title: 'Stop it', assignee: 'bob' }).slice(1)).toEqual(
        audience ? [watches('bob')] : [],
      )
    }
  })

  it('is given as it is opened, and whoever opens it watches it', () => {
    expect(story(GROUPS).events.map(({ type }) => type)).toEqual(['ChangeOpened', 'ChangeWatcherAdded'])
    expect(story().events.map(({ type }) => type)).toEqual(['ChangeOpened'])
  })

  it('is that of its approvals: of those to be asked, and of all that were', () => {
    const told = new ChangeStory().open().submit().ask()
    expect(told.asked.audience).toBeUndefined()
    const { approval } = told.asked
    expect(told.send(c.SetChangeAudience, { audience: GROUPS })).toEqual([restricted([approval])])
    told.outcome('rejected')
    told.submit().ask()
    expect(told.asked.audience).toEqual(GROUPS)
    const events = told.send(c.SetChangeAudience, { audience: PUBLIC })
    expect(events).toMatchObject([{ data: { approvals: [approval, told.asked.approval] } }])
  })

  it('is that of what brings it back', () => {
    const told = new ChangeStory().implementing()
    told.send(c.EndImplementation, { outcome: 'successful', notes: 'Done' }, IN_WINDOW)
    told.send(c.SetChangeAudience, { audience: GROUPS })
    const revert = new ChangeStory('CHG0000002')
    revert.others.set('change-CHG0000001', told.events as never)
    const [opened, watching] = revert.send(c.OpenRevert, { type: 'normal', reverts: 'CHG0000001' })
    expect(opened).toMatchObject({ data: { audience: GROUPS } })
    expect(watching).toEqual(watches('rita'))
  })
})
