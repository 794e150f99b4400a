import type { ToldEvent } from '#libs/testing'
import * as c from './change.commands.js'
import { ChangeStory, IN_WINDOW, PLAN } from './change.story.fixture.js'

const published: ToldEvent = {
  type: 'CustomFieldsPublished',
  data: {
    version: 3,
    recordType: 'change',
    schema: {
      type: 'object',
      properties: { supplier: { type: 'string' }, cost: { type: 'number' } },
      required: ['supplier'],
      additionalProperties: false,
    },
    filterable: ['supplier'],
  },
}
const SETTINGS = 'settings-custom-fields-change'
const OPEN = { type: 'normal', title: 'Release 2', group: 'network' }

function declared(number?: string): ChangeStory {
  const story = new ChangeStory(number)
  story.others.set(SETTINGS, [published])
  return story
}

describe('Custom fields of a change', () => {
  it('are checked as it is opened, with the version that is in force', () => {
    const [opened] = declared().send(c.OpenChange, { ...OPEN, customFields: { supplier: 'ACME' } })
    expect(opened?.data).toMatchObject({ customFields: { supplier: 'ACME' }, customFieldsVersion: 3 })
    const refused = (customFields?: object) => declared().refused(c.OpenChange, { ...OPEN, customFields })
    expect(refused({ supplier: 1 })).toBe('CHANGE.CUSTOM_FIELDS_INVALID')
    expect(refused()).toBe('CHANGE.CUSTOM_FIELDS_INVALID')
    const undeclared = { ...OPEN, customFields: { supplier: 'ACME' } }
    expect(new ChangeStory().refused(c.OpenChange, undeclared)).toBe('CHANGE.CUSTOM_FIELDS_INVALID')
    expect(new ChangeStory().send(c.OpenChange, OPEN)).toHaveLength(1)
  })

  it('are merged one by one, and checked as they are then', () => {
    const story = declared()
    const before = { supplier: 'ACME', cost: 3 }
    story.send(c.OpenChange, { ...OPEN, customFields: before })
    expect(story.send(c.EditPlan, { customFields: { cost: 4 } })).toEqual([
      {
        type: 'ChangeCustomFieldsChanged',
        data: { from: before, to: { supplier: 'ACME', cost: 4 }, version: 3 },
      },
    ])
    expect(story.send(c.EditPlan, { customFields: { cost: null } })).toMatchObject([
      { data: { to: { supplier: 'ACME' } } },
    ])
    expect(story.send(c.EditPlan, { customFields: { supplier: 'ACME' } })).toEqual([])
    expect(story.refused(c.EditPlan, { customFields: { supplier: null } })).toBe(
      'CHANGE.CUSTOM_FIELDS_INVALID',
    )
  })

  it('are no part of the plan: no approval is bound to them, and they are edited until the end', () => {
    const story = declared()
    story.send(c.OpenChange, { ...OPEN, ...PLAN, customFields: { supplier: 'ACME' } })
    story.submit().ask().outcome('approved')
    const { hash, document } = story.asked
    const edit = (cost: number) => story.send(c.EditPlan, { customFields: { cost } }).map(({ type }) => type)
    expect(edit(1)).toEqual(['ChangeCustomFieldsChanged'])
    expect(document.plan).not.toHaveProperty('customFields')
    expect(story.state).toBe('Scheduled')
    story.send(c.StartImplementation, {}, IN_WINDOW)
    expect(edit(2)).toEqual(['ChangeCustomFieldsChanged'])
    expect(story.asked.hash).toBe(hash)
    story.send(c.EndImplementation, { outcome: 'successful', notes: 'Done' }, IN_WINDOW)
    expect(edit(3)).toEqual(['ChangeCustomFieldsChanged'])
    story.send(c.CloseChange)
    expect(story.refused(c.EditPlan, { customFields: { cost: 4 } })).toBe('CHANGE.CLOSED')
  })

  it('stand beside an edit of the plan, which voids as it does without them', () => {
    const story = declared()
    story.send(c.OpenChange, { ...OPEN, ...PLAN, customFields: { supplier: 'ACME' } })
    story.submit().ask().outcome('approved')
    const both = { implementation: 'Otherwise.', customFields: { cost: 1 } }
    expect(story.send(c.EditPlan, both).map(({ type }) => type)).toEqual([
      'ChangePlanEdited',
      'ChangeCustomFieldsChanged',
      'ChangeApprovalVoided',
    ])
    expect(story.change.customFields).toEqual({ supplier: 'ACME', cost: 1 })
  })

  it('of what reverts it are its own, if nothing else is said', () => {
    const story = declared()
    story.send(c.OpenChange, { ...OPEN, ...PLAN, customFields: { supplier: 'ACME' } })
    story.submit().ask().outcome('approved').send(c.StartImplementation, {}, IN_WINDOW)
    story.send(c.EndImplementation, { outcome: 'successful', notes: 'Done' }, IN_WINDOW)
    const opened = (more: object) => {
      const revert = declared('CHG0000002')
      revert.others.set(`change-${story.number}`, story.events as never)
      return revert.send(c.OpenRevert, { type: 'normal', reverts: story.number, ...more })[0]!.data
    }
    expect(opened({})).toMatchObject({ customFields: { supplier: 'ACME' }, customFieldsVersion: 3 })
    expect(opened({ customFields: { supplier: 'B' } })).toMatchObject({ customFields: { supplier: 'B' } })
  })
})
