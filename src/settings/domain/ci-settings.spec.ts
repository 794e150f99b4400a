import fc from 'fast-check'
import type { DomainEvent, InvalidInput } from '#libs/event-sourcing'
import { commandMetadata, deciderSpec } from '#libs/testing'
import { ciClassesDecider } from './ci-classes.js'
import { ciReconciliationDecider } from './ci-reconciliation.js'
import { ciRelationTypesDecider } from './ci-relation-types.js'
import {
  attributeErrors,
  DEFAULT_CI_CLASSES,
  DEFAULT_CI_RECONCILIATION,
  DEFAULT_CI_RELATION_TYPES,
} from './defaults.js'
import { PublishCiClasses, PublishCiReconciliation, PublishCiRelationTypes } from './settings.commands.js'
import type { CiAttribute, CiClass, CiReconciliation, CiRelationType } from './settings.events.js'

/** Code and pointers of a refusal; of what is taken, how many events. */
function verdict(outcome: { readonly events: readonly DomainEvent[] }): unknown[] {
  try {
    return [outcome.events.length]
  } catch (error) {
    const { code, extra } = error as InvalidInput
    return [code, ...(extra.errors as { pointer: string }[]).map(({ pointer }) => pointer)]
  }
}

const attribute = (changes: Partial<CiAttribute> = {}): CiAttribute => ({
  schema: { type: 'string' },
  presence: 'optional',
  changeControlled: false,
  ...changes,
})
const ciClass = (name: string, changes: Partial<CiClass> = {}): CiClass => ({
  name,
  label: name,
  parent: null,
  abstract: false,
  attributes: {},
  ...changes,
})

describe('the classes of configuration items', () => {
  const publish = (classes: readonly CiClass[]) =>
    deciderSpec(ciClassesDecider).given().when(new PublishCiClasses({ classes }, commandMetadata()))
  const malformed = (...pointers: string[]) => ['SETTINGS.CI_CLASSES_MALFORMED', ...pointers]

  it('have a default that is accepted, without a warning, into the stream of its name', () => {
    publish(DEFAULT_CI_CLASSES).thenEvents({
      type: 'CiClassesPublished',
      data: { version: 1, classes: DEFAULT_CI_CLASSES, warnings: [] },
    })
    expect(new PublishCiClasses({ classes: [] }, commandMetadata()).id).toBe('ci-classes')
  })

  it('end in a root', () => {
    const round = [ciClass('a', { parent: 'b' }), ciClass('b', { parent: 'a' })]
    expect(verdict(publish(round))).toEqual(malformed('/classes/0/parent', '/classes/1/parent'))
    expect(verdict(publish([ciClass('a', { parent: 'a' })]))).toEqual(malformed('/classes/0/parent'))
    expect(verdict(publish([ciClass('a', { parent: 'nowhere' })]))).toEqual(malformed('/classes/0/parent'))
    // Below a round, without being part of it
    expect(verdict(publish([...round, ciClass('c', { parent: 'a' })]))).toContain('/classes/2/parent')
  })

  it('are taken exactly when each class leads to a root', () => {
    const trees = fc
      .integer({ min: 1, max: 6 })
      .chain((size) =>
        fc.array(fc.option(fc.nat(size - 1), { nil: null }), { minLength: size, maxLength: size }),
      )
    fc.assert(
      fc.property(trees, (parents) => {
        const leads = parents.map((_, start) => {
          let at: number | null = start
          for (let steps = 0; at !== null && steps <= parents.length; steps++) at = parents[at] ?? null
          return at === null
        })
        const classes = parents.map((parent, index) =>
          ciClass(`c${index}`, { parent: parent === null ? null : `c${parent}` }),
        )
        expect(verdict(publish(classes))[0] === 1).toBe(leads.every(Boolean))
      }),
      { numRuns: 1_000 },
    )
  })

  it('name all that is not well formed', () => {
    const attributes = {
      Name: attribute(),
      status: attribute(),
      free: attribute({ schema: {} }),
      nested: attribute({ schema: { type: 'object' } }),
      listed: attribute({ schema: { type: 'array', items: { type: 'integer' } } }),
      typing: attribute({ schema: { type: 'string', maxLenght: 3 } }),
      slow: attribute({ schema: { type: 'string', pattern: '(a+)+' } }),
    }
    const classes = [
      ciClass('A class'),
      ciClass('x', { label: ' ' }),
      ciClass('x'),
      ciClass('y', { attributes }),
    ]
    expect(verdict(publish(classes))).toEqual(
      malformed(
        '/classes/0/name',
        '/classes/1/label',
        '/classes/2/name',
        '/classes/3/attributes/Name',
        '/classes/3/attributes/status',
        '/classes/3/attributes/free/schema',
        '/classes/3/attributes/nested/schema',
        '/classes/3/attributes/typing/schema',
        '/classes/3/attributes/slow/schema',
      ),
    )
  })

  it('do not say anew what a class above them says', () => {
    const classes = [
      ciClass('device', { attributes: { serial: attribute() } }),
      ciClass('server', { parent: 'device', attributes: { serial: attribute() } }),
    ]
    expect(verdict(publish(classes))).toEqual(malformed('/classes/1/attributes/serial'))
  })

  it('warn of an abstract class without a class below it', () => {
    const [event] = publish([ciClass('a', { abstract: true })]).events
    expect(event?.data.warnings).toHaveLength(1)
  })
})

describe('the types of relations', () => {
  const publish = (types: readonly CiRelationType[]) =>
    deciderSpec(ciRelationTypesDecider).given().when(new PublishCiRelationTypes({ types }, commandMetadata()))
  const type = (changes: Partial<CiRelationType>): CiRelationType => ({
    name: 'runs-on',
    label: 'Runs on',
    inverse: 'runs',
    inverseLabel: 'Runs',
    impact: 'to-source',
    ...changes,
  })

  it('have a default that is accepted', () => {
    publish(DEFAULT_CI_RELATION_TYPES).thenEvents({
      type: 'CiRelationTypesPublished',
      data: { version: 1, types: DEFAULT_CI_RELATION_TYPES },
    })
  })

  it('name all that is not well formed', () => {
    const types = [
      type({}),
      type({ name: 'hosts', inverse: 'runs' }),
      type({ name: 'a b', inverse: 'c', label: '' }),
      type({ name: 'beside', inverse: 'beside' }),
    ]
    expect(verdict(publish(types))).toEqual([
      'SETTINGS.CI_RELATION_TYPES_MALFORMED',
      '/types/1/inverse',
      '/types/2/name',
      '/types/2/label',
      '/types/3/impact',
    ])
  })
})

describe('the reconciliation of sources', () => {
  const publish = (changes: Partial<CiReconciliation>) =>
    deciderSpec(ciReconciliationDecider)
      .given()
      .when(
        new PublishCiReconciliation(
          { reconciliation: { ...DEFAULT_CI_RECONCILIATION, ...changes } },
          commandMetadata(),
        ),
      )

  it('has a default that is accepted', () => {
    publish({}).thenTypes('CiReconciliationPublished')
  })

  it('names all that is not well formed', () => {
    const outcome = publish({
      matchRules: [
        { class: 'spaceship', attributes: ['serialNumber'] },
        { class: 'server', attributes: [] },
        { class: 'server', attributes: ['name', 'serialNumber', 'colour'] },
      ],
      precedence: [{ sources: ['a'] }, { sources: ['a', 'a'] }, { class: 'spaceship', sources: [' '] }],
      silentAfterDays: 0,
    })
    expect(verdict(outcome)).toEqual([
      'SETTINGS.CI_RECONCILIATION_MALFORMED',
      '/matchRules/0/class',
      '/matchRules/1/attributes',
      '/matchRules/2/attributes/2',
      '/precedence/1',
      '/precedence/1/sources/1',
      '/precedence/2/class',
      '/precedence/2/sources/0',
      '/silentAfterDays',
    ])
  })
})

it('of what is no attribute of a class it is told which there are', () => {
  const size: CiAttribute = { schema: { type: 'number' }, presence: 'optional', changeControlled: false }
  const told = (definitions: Record<string, CiAttribute>) => attributeErrors(definitions, { ram: 1 }, false)
  expect(told({ ramGigabytes: size, units: size })).toEqual([
    { pointer: '/attributes/ram', message: 'is no attribute of the class; it has ramGigabytes, units' },
  ])
  expect(told({})).toEqual([
    { pointer: '/attributes/ram', message: 'is no attribute of the class; it has none' },
  ])
})
