import { commandMetadata, deciderSpec, EventFactory, policySpec } from '#libs/testing'
import type { ChangeEvent } from '../../changes/domain/change.events.js'
import type { CiEvent } from '../../configuration/domain/configuration.events.js'
import { JudgeModifications, judgementId } from './audit.commands.js'
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

const judge = (change?: string) =>
  new JudgeModifications(judgementId(CI, change), { ci: CI, change }, commandMetadata())
const about = { ci: CI, attributes: ['ramGigabytes'], by: expect.any(String), at: expect.any(String) }

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

  it('that names none is judged by a change that is linked late', () => {
    const [event] = given()
      .and(`ci-${CI}`, registered, modified('ramGigabytes'))
      .and(`change-${CHANGE}`, opened, linked)
      .when(judge(CHANGE)).events
    expect(event).toMatchObject({ data: { change: CHANGE, verdict: 'not-approved' } })
    given()
      .and(`ci-${CI}`, registered, modified('ramGigabytes'))
      .and(`change-${CHANGE}`, opened)
      .when(judge(CHANGE))
      .thenNothing()
  })
})

describe('Modifications are judged', () => {
  const events = new EventFactory()
  const ofItem = (event: CiEvent, channel: 'api' | 'import' = 'api') =>
    events.event(event, { channel }, `ci-${CI}`)
  const ofChange = (event: object) => events.event(event as ChangeEvent, {}, `change-${CHANGE}`)
  const command = (change?: string) => ({
    type: 'JudgeModifications',
    id: judgementId(CI, change),
    data: { ci: CI, ...(change !== undefined && { change }) },
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
