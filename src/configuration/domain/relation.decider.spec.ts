import type { InvalidInput } from '#libs/event-sourcing'
import { commandMetadata, deciderSpec, type ToldEvent } from '#libs/testing'
import { DEFAULT_CI_RELATION_TYPES } from '../../settings/domain/defaults.js'
import type { RelationEnd, RelationEvent } from './configuration.events.js'
import { CorrectRelation, RelateCi, UnrelateCi } from './relation.commands.js'
import { normalised, type Relation, relationDecider, relationId } from './relation.decider.js'

const spec = deciderSpec(relationDecider)
const day = (n: number) => `2026-01-0${n}T09:00:00.000Z`
const at = (n: number, reason?: string) => commandMetadata({ occurredAt: day(n), reason })
const A: RelationEnd = { ci: 'CI0000001' }
const B: RelationEnd = { name: 'esx-07', class: 'hypervisor' }
const runsOn = { type: 'runs-on', source: A, target: B }
const registered = { type: 'CiRegistered', data: { class: 'server', name: 'db-01', attributes: {} } }
const related = { type: 'CiRelated', data: runsOn, metadata: { occurredAt: day(1) } } as const
const here = (...events: ToldEvent<RelationEvent>[]) => spec.given(...events).and('ci-CI0000001', registered)

function pointers(run: () => unknown): string[] {
  try {
    run()
  } catch (error) {
    return ((error as InvalidInput).extra.errors as { pointer: string }[]).map(({ pointer }) => pointer)
  }
  throw new Error('was not refused')
}

describe('a relation', () => {
  it('is the same whichever way round it is said', () => {
    const turned = normalised({ type: 'runs', source: B, target: A }, DEFAULT_CI_RELATION_TYPES)
    expect(turned).toEqual(runsOn)
    const [one, other] = [
      { type: 'connects-to', source: A, target: B },
      { type: 'connects-to', source: B, target: A },
    ].map((said) => relationId(normalised(said, DEFAULT_CI_RELATION_TYPES)))
    expect(one).toBe(other)
    expect(relationId(runsOn)).not.toBe(relationId({ ...runsOn, source: B, target: A }))
  })

  it('is told apart by its ends: a CI, a name, a name of a class', () => {
    const ends: RelationEnd[] = [{ ci: 'a' }, { name: 'a' }, { name: 'a', class: 'b' }, { name: 'b' }]
    const ids = ends.map((target) => relationId({ type: 'runs-on', source: A, target }))
    expect(new Set(ids).size).toBe(ends.length)
  })

  it('is said once, ended once, and may begin again', () => {
    here()
      .when(new RelateCi('r', runsOn, at(1)))
      .thenEvents({ type: 'CiRelated', data: runsOn })
    here(related)
      .when(new RelateCi('r', runsOn, at(2)))
      .thenNothing()
    here(related)
      .when(new UnrelateCi('r', { change: 'CHG0000001' }, at(2)))
      .thenEvents({
        type: 'CiUnrelated',
        data: { ...runsOn, change: 'CHG0000001' },
      })
    const ended = here(related, { type: 'CiUnrelated', data: {} })
    ended.when(new UnrelateCi('r', {}, at(3))).thenNothing()
    ended.when(new RelateCi('r', runsOn, at(3))).thenTypes('CiRelated')
    here()
      .when(new UnrelateCi('r', {}, at(3)))
      .thenRefused('RELATION.UNKNOWN')
  })

  it('is said anew when its attributes differ', () => {
    const attributes = { port: 5432 }
    here(related)
      .when(new RelateCi('r', { ...runsOn, attributes }, at(2)))
      .thenEvents({ type: 'CiRelated', data: { ...runsOn, attributes } })
  })

  it('names all that is not well formed', () => {
    const wish = { type: 'loves', source: { ci: 'CI9' }, target: { name: ' x', class: 'spaceship' } }
    expect(pointers(() => here().when(new RelateCi('r', wish, at(1))).events)).toEqual([
      '/type',
      '/source/ci',
      '/target/name',
      '/target/class',
    ])
    const itself = { ...runsOn, target: A }
    expect(pointers(() => here().when(new RelateCi('r', itself, at(1))).events)).toEqual(['/target'])
  })

  it('does not begin with a retired CI, but may be corrected about one', () => {
    const story = here().and('ci-CI0000001', { type: 'CiRetired', data: {} })
    expect(pointers(() => story.when(new RelateCi('r', runsOn, at(1))).events)).toEqual(['/source/ci'])
    story.when(correction(true, 1)).thenTypes('RelationCorrected')
  })
})

const correction = (present: boolean, from: number, until?: number) =>
  new CorrectRelation(
    'r',
    { ...runsOn, present, enteredAt: day(9), ...(until && { until: day(until) }) },
    at(from, 'Looked it up'),
  )

describe('correcting a relation', () => {
  it('leaves what was said of later, and holds where nothing was', () => {
    const ended = here(related, { type: 'CiUnrelated', data: {}, metadata: { occurredAt: day(4) } })
    expect((ended.when(correction(true, 3)).state as Relation).present).toBe(false)
    expect((ended.when(correction(true, 5)).state as Relation).present).toBe(true)
    expect((ended.when(correction(true, 5, 6)).state as Relation).present).toBe(false)
  })

  it('may be the first that is said of it', () => {
    const outcome = here().when(correction(true, 2))
    outcome.thenEvents({ type: 'RelationCorrected', data: { ...runsOn, present: true } })
    expect((outcome.state as Relation).present).toBe(true)
  })

  it('twice the same is nothing, and needs a reason', () => {
    const said = {
      type: 'RelationCorrected',
      data: { ...runsOn, present: true },
      metadata: { occurredAt: day(2) },
    } as const
    here(said).when(correction(true, 2)).thenNothing()
    const { id, data } = correction(true, 2)
    here()
      .when(new CorrectRelation(id, data, at(2)))
      .thenRefused('CI.REASON_REQUIRED')
  })
})
