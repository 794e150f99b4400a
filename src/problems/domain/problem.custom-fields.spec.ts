import type { ToldEvent } from '#libs/testing'
import { EditProblem, OpenProblem } from './problem.commands.js'
import type { ProblemEvent } from './problem.events.js'
import { by, given, givenOnly, NUMBER, nothingYet } from './problem.story.fixture.js'

const published: ToldEvent = {
  type: 'CustomFieldsPublished',
  data: {
    version: 3,
    recordType: 'problem',
    schema: {
      type: 'object',
      properties: { supplier: { type: 'string' }, cost: { type: 'number' } },
      required: ['supplier'],
      additionalProperties: false,
    },
    filterable: ['supplier'],
  },
}
const SETTINGS = 'settings-custom-fields-problem'

describe('Custom fields of a problem', () => {
  const open = (customFields?: Record<string, unknown>, actor = 'ann') =>
    new OpenProblem(NUMBER, { title: 'Mail is slow', customFields }, by(actor))
  const edit = (customFields: Record<string, unknown>) => new EditProblem(NUMBER, { customFields }, by('ann'))

  it('are checked as it is opened, with the version that is in force', () => {
    const declared = nothingYet().and(SETTINGS, published)
    const { events } = declared.when(open({ supplier: 'ACME' }))
    expect(events[0]?.data).toMatchObject({ customFields: { supplier: 'ACME' }, customFieldsVersion: 3 })
    declared.when(open({ supplier: 1 })).thenRefused('PROBLEM.CUSTOM_FIELDS_INVALID')
    declared.when(open()).thenRefused('PROBLEM.CUSTOM_FIELDS_INVALID')
    nothingYet()
      .when(open({ supplier: 'ACME' }))
      .thenRefused('PROBLEM.CUSTOM_FIELDS_INVALID')
    nothingYet().when(open()).thenTypes('ProblemOpened', 'ProblemPrioritized')
  })

  it('that are required of people are not required of policies', () => {
    nothingYet()
      .and(SETTINGS, published)
      .when(open(undefined, 'system:policy'))
      .thenTypes('ProblemOpened', 'ProblemPrioritized')
  })

  it('are merged one by one, and checked as they are then', () => {
    const withFields: ToldEvent<ProblemEvent> = {
      type: 'ProblemOpened',
      data: {
        title: 'Mail is slow',
        affectedCis: [],
        origin: 'reactive',
        customFields: { supplier: 'ACME', cost: 3 },
      },
    }
    const story = givenOnly(withFields).and(SETTINGS, published)
    const changed = (to: object): ProblemEvent => ({
      type: 'ProblemDetailsChanged',
      data: {
        changes: { customFields: { from: { supplier: 'ACME', cost: 3 }, to } },
        customFieldsVersion: 3,
      },
    })
    story.when(edit({ cost: 4 })).thenEvents(changed({ supplier: 'ACME', cost: 4 }))
    story.when(edit({ cost: null })).thenEvents(changed({ supplier: 'ACME' }))
    story.when(edit({ supplier: 'ACME' })).thenNothing()
    story.when(edit({ supplier: null })).thenRefused('PROBLEM.CUSTOM_FIELDS_INVALID')
    given()
      .when(edit({ cost: 4 }))
      .thenRefused('PROBLEM.CUSTOM_FIELDS_INVALID')
  })
})
