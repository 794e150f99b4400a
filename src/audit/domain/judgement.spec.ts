import { commandMetadata, deciderSpec, EventFactory, policySpec } from '#libs/testing'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import type { CiEvent } from '../../configuration/domain/configuration.events.js'
import { JudgeModifications } from './audit.commands.js'
import type { JudgementEvent } from './audit.events.js'
import { judgement } from './audit.policies.js'
import { judgementDecider } from './judgement.decider.js'

const CI = 'CI0000001'
const CHANGE = 'CHG0000001'
const registered: CiEvent = {
  type: 'CiRegistered',
  data: { class: 'server', name: 'db-01', attributes: {}, classesVersion: 0 } as never,
}
const modified = (attribute: string, change?: string): CiEvent => ({
  type: 'CiChanged',
  data: { changes: { [attribute]: { before: 8, after: 16 } }, ...(change !== undefined && { change }) },
})
const opened = {
  type: 'ChangeOpened',
  data: { type: 'normal', affectedCis: [CI], proposedValues: [] },
} as const
const approved = { type: 'ChangeApproved', data: { approvers: ['lea'] } } as const
const started = { type: 'ImplementationStarted', data: { implementer: 'ben', breaches: [] } } as const
const linked: ChangeEvent = {
  type: 'ChangeLinked',
  data: { link: { relation: 'related-to', targetType: 'configuration-item', target: CI } },
}

const judge = (change?: string) => new JudgeModifications(CI, { change }, commandMetadata())
const about = { ci: CI, attributes: ['ramGigabytes'], by: expect.any(String), at: expect.any(String) }

function verdictIn({ type, data }: JudgementEvent): string {
  const verdict = type === 'UnauthorisedChangeDetected' ? data.verdict : 'authorised'
  return [verdict, ...(data.change === undefined ? [] : [data.change])].join(' ')
}

describe('A modification of a configuration item', () => {
  const { given } = deciderSpec(judgementDecider)

  it('without a change is unauthorised, once', () => {
    const story = given().and(`ci-${CI}`, registered, modified('ramGigabytes')).when(judge())
    const [event] = story.events
    expect(event).toMatchObject({
      type: 'UnauthorisedChangeDetected',
      data: { ...about, verdict: 'no-change' },
    })
    given(event!).and(`ci-${CI}`, registered, modified('ramGigabytes')).when(judge()).thenNothing()
  })

  it('of an attribute that is not controlled is nobody’s business', () => {
    given().and(`ci-${CI}`, registered, modified('description')).when(judge()).thenNothing()
  })

  it('by a change that was not approved is told, and told again when it was', () => {
    const item = [registered, modified('ramGigabytes', CHANGE)] as const
    const [first] = given()
      .and(`ci-${CI}`, ...item)
      .and(`change-${CHANGE}`, opened)
      .when(judge(CHANGE)).events
    expect(first).toMatchObject({
      type: 'UnauthorisedChangeDetected',
      data: { ...about, change: CHANGE, verdict: 'not-approved' },
    })
    const [second] = given(first!)
      .and(`ci-${CI}`, ...item)
      .and(`change-${CHANGE}`, opened, approved, started)
      .when(judge(CHANGE)).events
    expect(second).toMatchObject({ type: 'ModificationAuthorised', data: { ...about, change: CHANGE } })
  })

  it('by an approved change that is being implemented is never told', () => {
    given()
      .and(`ci-${CI}`, registered, modified('ramGigabytes', CHANGE))
      .and(`change-${CHANGE}`, opened, approved, started)
      .when(judge(CHANGE))
      .thenNothing()
  })

  describe('that names no change', () => {
    const OTHER = 'CHG0000002'
    const item = [registered, modified('ramGigabytes')] as const
    const unlinked: ChangeEvent = { ...linked, type: 'ChangeUnlinked' }
    const told = (verdict?: 'no-change' | 'not-approved', change?: string): JudgementEvent => {
      const data = { ...about, by: 'ann', at: '', modification: `ci-${CI}@1`, ...(change && { change }) }
      return verdict === undefined
        ? { type: 'ModificationAuthorised', data }
        : { type: 'UnauthorisedChangeDetected', data: { ...data, verdict } }
    }

    it('has none first, and is judged by each that is linked late', () => {
      const story = given().and(`ci-${CI}`, ...item)
      const { events } = story.and(`change-${CHANGE}`, opened, opened, linked).when(judge(CHANGE))
      expect(events.map(verdictIn)).toEqual(['no-change', `not-approved ${CHANGE}`])
      const { events: byAnother } = story.and(`change-${CHANGE}`, opened).when(judge(CHANGE))
      expect(byAnother.map(verdictIn)).toEqual(['no-change'])
    })

    it('is told to be allowed when one that is linked late allows it at once', () => {
      const { events } = given(told('no-change'))
        .and(`ci-${CI}`, ...item)
        .and(`change-${CHANGE}`, opened, approved, started, linked)
        .when(judge(CHANGE))
      expect(events).toMatchObject([{ type: 'ModificationAuthorised', data: { ...about, change: CHANGE } }])
    })

    it('is told to have none again when the link is taken away', () => {
      const { events } = given(told('no-change'), told(undefined, CHANGE))
        .and(`ci-${CI}`, ...item)
        .and(`change-${CHANGE}`, opened, approved, started, linked, unlinked)
        .when(judge(CHANGE))
      expect(events.map(verdictIn)).toEqual(['no-change'])
    })

    it('stays allowed by one change when another one that did not allow it is unlinked', () => {
      given(told('no-change'), told('not-approved', CHANGE), told(undefined, OTHER))
        .and(`ci-${CI}`, ...item)
        .and(`change-${CHANGE}`, opened, opened, linked, unlinked)
        .and(`change-${OTHER}`, opened, approved, started, linked)
        .when(judge(CHANGE))
        .thenNothing()
    })

    it('is not judged by a change that was linked to its item before it was made', () => {
      given(told('no-change'))
        .and(`ci-${CI}`, ...item)
        .and(`change-${CHANGE}`, opened, linked)
        .when(judge(CHANGE))
        .thenNothing()
    })
  })

  describe('under the number of a configuration commit, of which its source tells no approval,', () => {
    const commit = { ...opened, data: { ...opened.data, type: 'configuration-commit' } } as const
    const under = { ...modified('ramGigabytes', CHANGE) }

    it('is unauthorised when it is made here', () => {
      const { events } = given()
        .and(`ci-${CI}`, registered, under)
        .and(`change-${CHANGE}`, commit)
        .when(judge(CHANGE))
      expect(events.map(verdictIn)).toEqual([`not-approved ${CHANGE}`])
    })

    it('is nobody’s business when the source made it', () => {
      given()
        .and(`ci-${CI}`, registered, { ...under, metadata: { channel: 'import' } } as never)
        .and(`change-${CHANGE}`, commit)
        .when(judge(CHANGE))
        .thenNothing()
    })
  })

  describe('of its class', () => {
    const reclassified = (before: string, after: string): CiEvent => ({
      type: 'CiReclassified',
      data: { before, after },
    })
    const judgedIn = (...events: readonly CiEvent[]) =>
      given()
        .and(`ci-${CI}`, registered, ...events)
        .when(judge())
        .events.map(({ data }) => data.attributes)

    it.each([
      ['from one with controlled attributes', 'server', 'rack', [['class']]],
      ['to one with controlled attributes', 'rack', 'server', [['class']]],
      ['between two without', 'rack', 'printer', []],
    ])('%s is judged', (_, before, after, expected) => {
      expect(judgedIn(reclassified(before, after))).toEqual(expected)
    })

    it('as its retirement is, where the class has controlled attributes', () => {
      const retired: CiEvent = { type: 'CiRetired', data: {} }
      expect(judgedIn(retired)).toEqual([['status']])
      expect(judgedIn(reclassified('server', 'rack'), retired)).toEqual([['class']])
    })

    it('and so are its name, and what is corrected of the item itself', () => {
      const renamed: CiEvent = { type: 'CiRenamed', data: { before: 'db-01', after: 'db-02' } }
      expect(judgedIn(renamed)).toEqual([['name']])
      expect(judgedIn({ type: 'CiCorrected', data: { name: 'db-02', status: 'retired' } })).toEqual([
        ['name', 'status'],
      ])
      expect(judgedIn({ type: 'CiCorrected', data: { attributes: { description: 'x' } } })).toEqual([])
      expect(judgedIn(reclassified('server', 'rack'), renamed)).toEqual([['class']])
    })

    it('takes nothing out of control that goes with the class, but what is changed afterwards', () => {
      const one = { metadata: { commandId: 'one' } }
      expect(
        judgedIn(
          { ...reclassified('server', 'rack'), ...one } as CiEvent,
          {
            ...modified('ramGigabytes'),
            ...one,
          } as CiEvent,
        ),
      ).toEqual([['class'], ['ramGigabytes']])
      expect(judgedIn(reclassified('server', 'rack'), modified('ramGigabytes'))).toEqual([['class']])
    })
  })
})

describe('Modifications are judged', () => {
  const events = new EventFactory()
  const ofItem = (event: CiEvent, channel: 'api' | 'import' = 'api') =>
    events.event(event, { channel }, `ci-${CI}`)
  const ofChange = (event: object) => events.event(event as ChangeEvent, {}, `change-${CHANGE}`)
  const command = (change?: string) => ({
    type: 'JudgeModifications',
    id: CI,
    data: { ...(change !== undefined && { change }) },
  })

  it('as they are made, but not imported ones', () => {
    policySpec(judgement)
      .given()
      .when(ofItem(modified('ramGigabytes')))
      .thenCommands(command())
    policySpec(judgement)
      .given()
      .when(ofItem(modified('ramGigabytes', CHANGE)))
      .thenCommands(command(CHANGE))
    policySpec(judgement)
      .given()
      .when(ofItem(modified('ramGigabytes'), 'import'))
      .thenNothing()
    policySpec(judgement)
      .given()
      .when(ofItem({ type: 'CiReclassified', data: { before: 'server', after: 'pc', change: CHANGE } }))
      .thenCommands(command(CHANGE))
    policySpec(judgement)
      .given()
      .when(ofItem({ type: 'CiRetired', data: { change: CHANGE } }))
      .thenCommands(command(CHANGE))
    policySpec(judgement)
      .given()
      .when(ofItem({ type: 'CiRenamed', data: { before: 'db-01', after: 'db-02', change: CHANGE } }))
      .thenCommands(command(CHANGE))
    policySpec(judgement).given().when(ofItem(registered)).thenNothing()
  })

  it('again when more is known of their change', () => {
    const story = policySpec(judgement).given(ofItem(modified('ramGigabytes', CHANGE)))
    story.when(ofChange(approved)).thenCommands(command(CHANGE))
    story.when(ofChange({ type: 'ChangeCommentAdded', data: { text: 'Hello' } })).thenNothing()
  })

  it('by a change that is linked to the item', () => {
    policySpec(judgement).given().when(ofChange(linked)).thenCommands(command(CHANGE))
  })
})
