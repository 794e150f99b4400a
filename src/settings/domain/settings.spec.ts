import fc from 'fast-check'
import type {
  Channel,
  Command,
  Decider,
  DomainEvent,
  InvalidInput,
  LedgerdeskError,
} from '#libs/event-sourcing'
import { commandMetadata, deciderSpec } from '#libs/testing'
import type { GroupRegistered } from '../../directory/domain/directory.events.js'
import { assignmentRulesDecider } from './assignment-rules.js'
import { customFieldsDecider } from './custom-fields.js'
import * as defaults from './defaults.js'
import { holdReasonsDecider } from './hold-reasons.js'
import { incidentSettingsDecider } from './incident-settings.js'
import { incidentTemplatesDecider } from './incident-templates.js'
import { priorityMatrixDecider } from './priority-matrix.js'
import * as commands from './settings.commands.js'
import type { AssignmentRule, IncidentSettings, PriorityMatrix } from './settings.events.js'

const by = (channel: Channel = 'api') => commandMetadata({ actor: 'root', channel })

function decided<S, C extends Command, E extends DomainEvent, F extends object>(
  decider: Decider<S, C, E, F>,
  given: readonly E[],
  command: C,
): readonly E[] {
  return deciderSpec(decider)
    .given(...given)
    .when(command).events
}

/** Code and the offending pointers, or what was accepted. */
function refusal(decide: () => unknown): unknown[] {
  try {
    return ['accepted', decide()]
  } catch (error) {
    const { code, extra } = error as LedgerdeskError
    const errors = (extra.errors ?? []) as { pointer: string }[]
    return [(error as InvalidInput).constructor.name, code, ...errors.map(({ pointer }) => pointer)]
  }
}

describe('every setting', () => {
  const publish = (autoCloseAfterDays: number | null) =>
    new commands.PublishIncidentSettings(
      { settings: { ...defaults.DEFAULT_INCIDENT_SETTINGS, autoCloseAfterDays } },
      by(),
    )

  it('counts its versions, and makes none of what is in force', () => {
    const first = decided(incidentSettingsDecider, [], publish(5))
    expect(first[0]?.data.version).toBe(1)
    expect(decided(incidentSettingsDecider, first, publish(5))).toEqual([])
    const second = decided(incidentSettingsDecider, first, publish(6))
    expect(second[0]?.data.version).toBe(2)
    const third = decided(incidentSettingsDecider, [...first, ...second], publish(5))
    expect(third[0]?.data.version).toBe(3)
  })

  it('has a default that is accepted, into the stream of its name', () => {
    const metadata = by()
    const matrix = new commands.PublishPriorityMatrix({ matrix: defaults.DEFAULT_PRIORITY_MATRIX }, metadata)
    const rules = new commands.PublishAssignmentRules({ rules: defaults.DEFAULT_ASSIGNMENT_RULES }, metadata)
    const reasons = new commands.PublishHoldReasons({ reasons: defaults.DEFAULT_HOLD_REASONS }, metadata)
    const settings = new commands.PublishIncidentSettings(
      { settings: defaults.DEFAULT_INCIDENT_SETTINGS },
      metadata,
    )
    const fields = new commands.PublishCustomFields(
      { recordType: 'incident', ...defaults.DEFAULT_CUSTOM_FIELDS },
      metadata,
    )
    expect([
      [matrix.id, decided(priorityMatrixDecider, [], matrix)],
      [rules.id, decided(assignmentRulesDecider, [], rules)],
      [reasons.id, decided(holdReasonsDecider, [], reasons)],
      [settings.id, decided(incidentSettingsDecider, [], settings)],
      [fields.id, decided(customFieldsDecider, [], fields)],
    ]).toEqual([
      [
        'priority-matrix',
        [
          {
            type: 'PriorityMatrixPublished',
            data: {
              version: 1,
              matrix: defaults.DEFAULT_PRIORITY_MATRIX,
              imported: false,
              emptyCells: [],
              warnings: [],
            },
          },
        ],
      ],
      [
        'assignment-rules',
        [{ type: 'AssignmentRulesPublished', data: { version: 1, rules: [], warnings: [] } }],
      ],
      [
        'hold-reasons',
        [{ type: 'HoldReasonsPublished', data: { version: 1, reasons: defaults.DEFAULT_HOLD_REASONS } }],
      ],
      [
        'incident',
        [
          {
            type: 'IncidentSettingsPublished',
            data: { version: 1, settings: defaults.DEFAULT_INCIDENT_SETTINGS },
          },
        ],
      ],
      [
        'custom-fields-incident',
        [
          {
            type: 'CustomFieldsPublished',
            data: { version: 1, recordType: 'incident', ...defaults.DEFAULT_CUSTOM_FIELDS },
          },
        ],
      ],
    ])
  })
})

describe('priority matrix', () => {
  const publish = (matrix: Partial<PriorityMatrix>, channel: Channel = 'api') =>
    decided(
      priorityMatrixDecider,
      [],
      new commands.PublishPriorityMatrix(
        { matrix: { ...defaults.DEFAULT_PRIORITY_MATRIX, ...matrix } },
        by(channel),
      ),
    )[0]?.data

  /** The matrix of the imported ServiceNow data: impact 1, urgency 3 never occurs in it. */
  const partial = [
    [1, 2, null],
    [2, 3, 4],
    [3, 4, 4],
  ]

  it('may lack a priority only when imported', () => {
    expect(refusal(() => publish({ cells: partial }))).toEqual(['Refused', 'SETTINGS.MATRIX_NOT_TOTAL'])
    expect(publish({ cells: partial }, 'import')).toMatchObject({
      imported: true,
      emptyCells: ['impact 1, urgency 3'],
      warnings: [],
    })
  })

  it('may have any shape from 1×1 on', () => {
    expect(
      publish({ impacts: ['all'], urgencies: ['all'], priorities: ['one'], cells: [[1]] })?.warnings,
    ).toEqual([])
  })

  it('names every field that is not well formed', () => {
    expect(
      refusal(() =>
        publish({
          impacts: [],
          urgencies: ['a', 'a', ' '],
          cells: [
            [1, 2],
            [1, 6, 0],
            [1.5, 2, 3],
          ],
        }),
      ),
    ).toEqual([
      'InvalidInput',
      'SETTINGS.MATRIX_MALFORMED',
      '/impacts',
      '/urgencies/1',
      '/urgencies/2',
      '/cells',
      '/cells/0',
      '/cells/1/1',
      '/cells/1/2',
      '/cells/2/0',
    ])
  })

  it('warns where less impact or urgency gets the higher priority', () => {
    const cells = [
      [2, 1, 3],
      [2, 3, 4],
      [3, 4, 5],
    ]
    expect(publish({ cells })?.warnings).toEqual([
      'impact 1, urgency 2 gives 1, which is higher than the 2 of impact 1, urgency 1',
    ])
  })

  it('warns across empty cells', () => {
    const names = ['high', 'low']
    const cells = [
      [3, null],
      [null, 2],
    ]
    expect(publish({ impacts: names, urgencies: names, cells }, 'import')?.warnings).toEqual([
      'impact 2, urgency 2 gives 2, which is higher than the 3 of impact 1, urgency 1',
    ])
  })

  describe('as laws', () => {
    const matrices = fc
      .record({ rows: fc.integer({ min: 1, max: 5 }), columns: fc.integer({ min: 1, max: 5 }) })
      .chain(({ rows, columns }) => {
        const cell = fc.option(fc.integer({ min: 1, max: 4 }), { freq: 12 })
        const row = fc.array(cell, { minLength: columns, maxLength: columns })
        return fc.array(row, { minLength: rows, maxLength: rows })
      })
      .map(
        (cells): PriorityMatrix => ({
          impacts: cells.map((_, i) => `impact ${i}`),
          urgencies: (cells[0] ?? []).map((_, j) => `urgency ${j}`),
          priorities: ['a', 'b', 'c', 'd'],
          cells,
        }),
      )

    it('an accepted live matrix is total', () => {
      let accepted = 0
      fc.assert(
        fc.property(matrices, (matrix) => {
          const total = matrix.cells.every((row) => row.every((cell) => cell !== null))
          const [outcome] = refusal(() => publish(matrix))
          if (outcome === 'accepted') accepted++
          expect(outcome).toBe(total ? 'accepted' : 'Refused')
        }),
        { numRuns: 500 },
      )
      expect(accepted).toBeGreaterThan(50)
    })

    it('a warning is given exactly when some pair of cells is out of order', () => {
      const seen = new Set<boolean>()
      fc.assert(
        fc.property(matrices, (matrix) => {
          const filled = matrix.cells.flatMap((row, i) => row.map((priority, j) => ({ i, j, priority })))
          const outOfOrder = filled.some((high) =>
            filled.some(
              (low) =>
                high.i <= low.i &&
                high.j <= low.j &&
                high.priority !== null &&
                low.priority !== null &&
                high.priority > low.priority,
            ),
          )
          seen.add(outOfOrder)
          const warnings = publish(matrix, 'import')?.warnings ?? []
          expect(warnings.length > 0).toBe(outOfOrder)
        }),
        { numRuns: 500 },
      )
      expect(seen.size).toBe(2)
    })
  })
})

describe('assignment rules', () => {
  const rule = (name: string, when: AssignmentRule['when'], group = 'network'): AssignmentRule => ({
    name,
    when,
    group,
  })
  const publish = (rules: AssignmentRule[], known: string[] = ['network']) => {
    const registered: GroupRegistered = { type: 'GroupRegistered', data: { name: 'Some group' } }
    return known
      .reduce(
        (story, id) => story.and(`group-${id}`, registered),
        deciderSpec(assignmentRulesDecider).given(),
      )
      .when(new commands.PublishAssignmentRules({ rules }, by())).events[0]?.data
  }

  it('lead to groups that the directory knows', () => {
    const rules = [rule('vpn', { category: 'vpn' }), rule('else', {}, 'service-desk')]
    expect(refusal(() => publish(rules))).toEqual([
      'InvalidInput',
      'SETTINGS.GROUP_UNKNOWN',
      '/rules/1/group',
    ])
    expect(publish(rules, ['network', 'service-desk'])?.warnings).toEqual([])
  })

  it('warn of rules that never decide', () => {
    const rules = [
      rule('vpn', { category: 'vpn' }),
      rule('vpn client', { category: 'vpn', subcategory: 'client' }),
      rule('mail', { category: 'mail' }),
      rule('all', {}),
      rule('late', { ci: 'CI1' }),
    ]
    expect(publish(rules)?.warnings).toEqual([
      'Rule "vpn client" never decides: "vpn" comes first',
      'Rule "late" never decides: "all" comes first',
    ])
  })

  it('name what is not well formed', () => {
    const rules = [rule('a', { category: '' }), rule('a', {}, ' '), rule('', {})]
    expect(refusal(() => publish(rules))).toEqual([
      'InvalidInput',
      'SETTINGS.RULES_MALFORMED',
      '/rules/0/when/category',
      '/rules/1/name',
      '/rules/1/group',
      '/rules/2/name',
    ])
  })
})

describe('hold reasons', () => {
  const reason = (code: string, label = 'Waiting') => ({
    code,
    label,
    commentRequired: false,
    awaitsCaller: false,
  })
  const publish = (...reasons: ReturnType<typeof reason>[]) =>
    decided(holdReasonsDecider, [], new commands.PublishHoldReasons({ reasons }, by()))

  it('have unique codes', () => {
    expect(refusal(() => publish(reason('a'), reason('a'), reason('B c'), reason('d', ' ')))).toEqual([
      'InvalidInput',
      'SETTINGS.HOLD_REASONS_MALFORMED',
      '/reasons/1/code',
      '/reasons/2/code',
      '/reasons/3/label',
    ])
    expect(refusal(() => publish())).toEqual(['InvalidInput', 'SETTINGS.HOLD_REASONS_MALFORMED', '/reasons'])
  })

  it('may be taken off the list', () => {
    const given = publish(reason('a'), reason('b'))
    const fewer = new commands.PublishHoldReasons({ reasons: [reason('b')] }, by())
    expect(decided(holdReasonsDecider, given, fewer)[0]?.data).toEqual({ version: 2, reasons: [reason('b')] })
  })
})

describe('incident settings', () => {
  const publish = (settings: Partial<IncidentSettings>) =>
    decided(
      incidentSettingsDecider,
      [],
      new commands.PublishIncidentSettings(
        { settings: { ...defaults.DEFAULT_INCIDENT_SETTINGS, ...settings } },
        by(),
      ),
    )

  it.each([0, -1, 366, 1.5, Number.NaN])('refuse %p days', (days) => {
    expect(refusal(() => publish({ autoCloseAfterDays: days }))).toEqual([
      'InvalidInput',
      'SETTINGS.INCIDENT_MALFORMED',
      '/autoCloseAfterDays',
    ])
  })

  it('remind before they resolve', () => {
    expect(refusal(() => publish({ resolveSilentAfterDays: 3 }))).toEqual([
      'InvalidInput',
      'SETTINGS.INCIDENT_MALFORMED',
      '/remindCallerAfterDays',
    ])
    expect(publish({ remindCallerAfterDays: 2, resolveSilentAfterDays: 3 })).toHaveLength(1)
    expect(publish({ autoCloseAfterDays: null })).toHaveLength(1)
  })
})

describe('custom fields', () => {
  const schema = {
    type: 'object',
    properties: {
      costCentre: { type: 'string', pattern: '^[0-9]{4}$' },
      floor: { type: ['integer', 'null'] },
      tags: { type: 'array', items: { type: 'string' } },
      since: { type: 'string', format: 'date' },
    },
    additionalProperties: false,
  }
  const publish = (
    changed: Record<string, unknown>,
    filterable: readonly string[] = [],
    recordType = 'incident',
  ) =>
    decided(
      customFieldsDecider,
      [],
      new commands.PublishCustomFields({ recordType, schema: { ...schema, ...changed }, filterable }, by()),
    )

  it('may be filtered by simple properties', () => {
    expect(publish({}, ['costCentre', 'floor'])[0]?.data).toEqual({
      version: 1,
      recordType: 'incident',
      schema,
      filterable: ['costCentre', 'floor'],
    })
    expect(refusal(() => publish({}, ['tags', 'costCentre', 'costCentre', 'nothing', 'toString']))).toEqual([
      'InvalidInput',
      'SETTINGS.CUSTOM_FIELDS_MALFORMED',
      '/filterable/0',
      '/filterable/2',
      '/filterable/3',
      '/filterable/4',
    ])
  })

  it.each([
    ['of an array', { type: 'array' }, '/schema/type'],
    ['of another draft', { $schema: 'http://json-schema.org/draft-07/schema#' }, '/schema/$schema'],
    ['checked asynchronously', { $async: true }, '/schema/$async'],
    ['with an unknown type', { properties: { a: { type: 'text' } } }, '/schema'],
    [
      'with a pattern that backtracks',
      { properties: { a: { type: 'string', pattern: '^(a+)+$' } } },
      '/schema',
    ],
    ['with such a pattern for names', { patternProperties: { '^(a|a)*$': {} } }, '/schema'],
    [
      'with such a pattern behind a reference',
      {
        properties: { a: { type: 'string', $ref: '#/$defs/b' } },
        $defs: { b: { type: 'string', pattern: '^(a?)*$' } },
      },
      '/schema',
    ],
    ['with a mistyped keyword', { require: ['costCentre'] }, '/schema'],
    [
      'with a reference to elsewhere',
      { properties: { a: { $ref: 'https://example.org/a.json' } } },
      '/schema',
    ],
  ])('are refused %s', (_, changed, pointer) => {
    expect(refusal(() => publish(changed))).toEqual([
      'InvalidInput',
      'SETTINGS.CUSTOM_FIELDS_MALFORMED',
      pointer,
    ])
  })

  it('may be published again and again under one $id', () => {
    const $id = 'https://example.org/incident.json'
    expect(publish({ $id })).toHaveLength(1)
    expect(publish({ $id, title: 'again' })).toHaveLength(1)
  })

  it('are refused for a record type that can be no stream', () => {
    expect(refusal(() => publish({}, [], 'Incident 1'))).toContain('/recordType')
  })
})

describe('templates of incidents', () => {
  const publish = (templates: commands.PublishIncidentTemplates['data']['templates'], group = 'network') =>
    deciderSpec(incidentTemplatesDecider)
      .given()
      .and(`group-${group}`, { type: 'GroupRegistered', data: { name: group } })
      .when(new commands.PublishIncidentTemplates({ templates }, by())).events

  it('are published in versions', () => {
    const templates = [{ name: 'Password', fields: { title: 'x', assignmentGroup: 'network' } }]
    expect(publish(templates)).toEqual([
      { type: 'IncidentTemplatesPublished', data: { version: 1, templates } },
    ])
  })

  it('give levels that the matrix in force has', () => {
    const levels = (impact: number, urgency: number) => [{ name: 'A', fields: { impact, urgency } }]
    expect(publish(levels(3, 1))).toHaveLength(1)
    expect(refusal(() => publish(levels(9, 0.5)))).toEqual([
      'InvalidInput',
      'SETTINGS.TEMPLATES_MALFORMED',
      '/templates/0/fields/impact',
      '/templates/0/fields/urgency',
    ])
    const matrix = {
      impacts: ['Wide'],
      urgencies: ['High', 'Low'],
      priorities: ['One', 'Two'],
      cells: [[1, 2]],
    }
    const matrixPublished = { version: 1, matrix, imported: false, emptyCells: [], warnings: [] }
    const story = deciderSpec(incidentTemplatesDecider)
      .given()
      .and('settings-priority-matrix', { type: 'PriorityMatrixPublished', data: matrixPublished })
    const publishing = (templates: ReturnType<typeof levels>) =>
      story.when(new commands.PublishIncidentTemplates({ templates }, by()))
    publishing(levels(1, 2)).thenTypes('IncidentTemplatesPublished')
    publishing(levels(2, 2)).thenRefused('SETTINGS.TEMPLATES_MALFORMED')
  })

  it('name every field that is wrong', () => {
    expect(
      refusal(() =>
        publish([
          { name: 'A', fields: { title: ' ' } },
          { name: 'A', fields: {} },
          { name: ' ', fields: { caller: 'carl' } as never },
        ]),
      ),
    ).toEqual([
      'InvalidInput',
      'SETTINGS.TEMPLATES_MALFORMED',
      '/templates/0/fields/title',
      '/templates/1/name',
      '/templates/1/fields',
      '/templates/2/name',
      '/templates/2/fields/caller',
    ])
  })

  it('put incidents only where somebody looks', () => {
    expect(refusal(() => publish([{ name: 'A', fields: { assignmentGroup: 'nowhere' } }]))).toEqual([
      'InvalidInput',
      'SETTINGS.GROUP_UNKNOWN',
      '/templates/0/fields/assignmentGroup',
    ])
  })
})
