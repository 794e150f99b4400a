import fc from 'fast-check'
import { MATERIAL_FIELDS } from '../../approvals/domain/defaults.js'
import { EditPlan, MovePlannedTimes } from './change.commands.js'
import type { ChangeEvent } from './change.events.js'
import { isBoundTo, PLAN_FIELDS } from './change.plan.js'
import { ChangeStory, IN_WINDOW, WINDOW } from './change.story.fixture.js'

const RUNS = 1_000
const seed = 20_261_128
const parameters = { numRuns: RUNS, seed }

/** Another value of each field than the story's change has. */
const text = fc.string({ minLength: 1, maxLength: 8 }).map((some) => `edited ${some}`)
const EDITS = {
  title: text,
  description: text,
  implementation: text,
  backout: text,
  test: text,
  window: fc.integer({ min: 1, max: 1_000 }).map((minutes) => ({
    ...WINDOW,
    end: new Date(Date.parse(WINDOW.end) + minutes * 60_000).toISOString(),
  })),
  affectedCis: fc.constantFrom(['CI1'], ['CI1', 'CI2', 'CI3'], ['CI1', 'CI3']),
  proposedValues: fc.oneof(
    fc.constant([]),
    text.map((osVersion) => [{ ci: 'CI1', attributes: { osVersion } }]),
    text.map((osFamily) => [{ ci: 'CI1', attributes: { osVersion: '2', osFamily } }]),
  ),
}
type Field = keyof typeof EDITS
const FIELDS = Object.keys(EDITS) as Field[]
const edit = fc
  .subarray(FIELDS, { minLength: 1 })
  .chain((fields) => fc.record(Object.fromEntries(fields.map((field) => [field, EDITS[field]]))))
const policies = fc.subarray([...FIELDS], { minLength: 1 })
const materialIn = (data: object, fields: readonly string[]) =>
  Object.keys(data).some((field) => fields.includes(field))

function storyUnder(materialFields: readonly string[]): ChangeStory {
  const story = new ChangeStory()
  story.others.set('settings-approval-policies', [
    {
      type: 'ApprovalPoliciesPublished',
      data: {
        version: 1,
        policies: [
          {
            name: 'p',
            subjectType: 'change',
            when: {},
            rule: { kind: 'any' },
            approvers: [{ kind: 'group-manager' }],
            expiresAfterHours: null,
            selfApproval: 'refused',
            materialFields,
          },
        ],
      },
    },
  ])
  return story
}
const typesOf = (events: readonly ChangeEvent[]) => events.map(({ type }) => type)

describe(`an edit of a material field voids, any other does not (${RUNS} runs, seed ${seed})`, () => {
  it('in Authorize: the round ends, and the next asks about the new plan', () => {
    fc.assert(
      fc.property(edit, policies, (data, material) => {
        const story = storyUnder(material).open().submit().ask()
        const asked = story.asked
        const types = typesOf(story.send(EditPlan, data))
        expect(types).toContain('ChangePlanEdited')
        expect(types.includes('ChangeApprovalVoided')).toBe(materialIn(data, material))
        expect(story.state).toBe('Authorize')
        if (!materialIn(data, material)) return
        story.ask()
        expect(story.asked).toMatchObject({ round: 2 })
        expect(story.asked.hash).not.toBe(asked.hash)
      }),
      parameters,
    )
  })

  it('in Scheduled: the approval falls, and the change goes back to Authorize', () => {
    fc.assert(
      fc.property(edit, policies, (data, material) => {
        const story = storyUnder(material).approved()
        const types = typesOf(story.send(EditPlan, data))
        expect(types.includes('ChangeApprovalVoided')).toBe(materialIn(data, material))
        expect(story.state).toBe(materialIn(data, material) ? 'Authorize' : 'Scheduled')
      }),
      parameters,
    )
  })

  it('in Implement: it is refused', () => {
    fc.assert(
      fc.property(edit, policies, (data, material) => {
        const story = storyUnder(material).implementing()
        const code = story.refused(EditPlan, data, IN_WINDOW)
        expect(code).toBe(materialIn(data, material) ? 'CHANGE.IMPLEMENTING' : undefined)
        expect(story.state).toBe('Implement')
      }),
      parameters,
    )
  })

  it('moving times within the window is no edit', () => {
    const minute = fc.integer({ min: 0, max: 179 })
    const at = (minutes: number) => new Date(Date.parse(WINDOW.start) + minutes * 60_000).toISOString()
    fc.assert(
      fc.property(minute, minute, policies, (one, other, material) => {
        const [start, end] = [Math.min(one, other), Math.max(one, other) + 1]
        const story = storyUnder(material).approved()
        const types = typesOf(story.send(MovePlannedTimes, { planned: { start: at(start), end: at(end) } }))
        expect(types).not.toContain('ChangeApprovalVoided')
        expect(story.state).toBe('Scheduled')
      }),
      parameters,
    )
  })
})

describe('the hash covers every field that may be material', () => {
  const bondUnder = (materialFields: readonly string[]) => {
    const story = storyUnder(materialFields).open().submit().ask()
    const { document, hash } = story.asked
    return { story, bond: { document, hash, materialFields } }
  }

  it('the same fields as policies may name', () => {
    expect([...PLAN_FIELDS].sort()).toEqual([...MATERIAL_FIELDS.change].sort())
  })

  it.each(FIELDS)('%s; left out of the hash, its edit would pass (counter-proof)', (field) => {
    const { story, bond } = bondUnder(FIELDS)
    const [value] = fc.sample(EDITS[field] as fc.Arbitrary<unknown>, { numRuns: 1, seed })
    const after = { ...story.change.plan, [field]: value }
    expect(isBoundTo(bond, after)).toBe(false)
    const careless = bondUnder(FIELDS.filter((other) => other !== field))
    expect(isBoundTo(careless.bond, after)).toBe(true)
  })

  it('and the conflicts that the approver was shown', () => {
    const { story, bond } = bondUnder(FIELDS)
    const conflicts = [{ kind: 'ci-busy' as const, ci: 'CI1', change: 'CHG2', period: WINDOW }]
    expect(isBoundTo(bond, story.change.plan)).toBe(true)
    expect(isBoundTo({ ...bond, document: { ...bond.document, conflicts } }, story.change.plan)).toBe(false)
  })
})
