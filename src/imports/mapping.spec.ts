import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { InvalidInput } from '#libs/event-sourcing'
import { anyMapping } from './any-mapping.js'
import { parseMapping } from './mapping.js'

const folder = join(__dirname, 'mappings')
const servicenow = readFileSync(join(folder, 'servicenow-incident-audit-log.yaml'), 'utf8')

/** The mapping of ServiceNow's audit log after somebody's change. */
function changed<Part>(change: (mapping: Part) => void): string {
  const mapping = parse(servicenow)
  change(mapping)
  return stringify(mapping)
}

function errorsOf(yaml: string): unknown {
  try {
    parseMapping(yaml)
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInput)
    expect((error as InvalidInput).code).toBe('IMPORT.MAPPING_INVALID')
    return (error as InvalidInput).extra.errors
  }
  return []
}

describe('a mapping', () => {
  it.each(readdirSync(folder))('%s is sound', (file) => {
    expect(anyMapping(readFileSync(join(folder, file), 'utf8')).source).toBeTruthy()
  })

  it('that the documentation shows is sound', () => {
    const documentation = readFileSync(join(__dirname, '../../docs/imports.md'), 'utf8')
    const shown = [...documentation.matchAll(/```yaml\n(source:.*?)```/gs)].map(([, yaml]) => yaml as string)
    expect(shown.map((yaml) => anyMapping(yaml).source)).toEqual(['old-desk'])
  })

  it('has defaults for what most exports share', () => {
    const yaml = changed((mapping: { format?: object }) => {
      mapping.format = { delimiter: ',' }
    })
    const mapping = parseMapping(yaml)
    expect(mapping.format).toEqual({
      delimiter: ',',
      quote: '"',
      encoding: 'utf8',
      missing: [''],
      repeatedColumns: 'refuse',
    })
  })

  it.each<[string, (mapping: never) => void, { pointer: string; message: string }[]]>([
    [
      'lacks a part',
      (mapping: { time?: object }) => delete mapping.time,
      [{ pointer: '/time', message: 'is missing' }],
    ],
    [
      'has a part that nobody knows',
      (mapping: { fields: Record<string, string> }) => {
        mapping.fields.colour = 'u_colour'
      },
      [{ pointer: '/fields/colour', message: 'is not known here' }],
    ],
    [
      'names a state that does not exist',
      (mapping: { state: { values: Record<string, string> } }) => {
        mapping.state.values.Active = 'Working'
      },
      [
        {
          pointer: '/state/values/Active',
          message:
            'must be one of New, In Progress, On Hold, Resolved, Closed, Canceled, "keep", { state: On Hold, hold: <reason> }, or a list of states gone through',
        },
      ],
    ],
    [
      'names a zone that does not exist',
      (mapping: { time: { zone: string } }) => {
        mapping.time.zone = 'Europe/Atlantis'
      },
      [{ pointer: '/time/zone', message: '"Europe/Atlantis" is no IANA time zone' }],
    ],
    [
      'has a pattern that is none',
      (mapping: { number: { pattern: string } }) => {
        mapping.number.pattern = '(INC'
      },
      [{ pointer: '/number/pattern', message: 'is no regular expression' }],
    ],
    [
      'leaves out what tells rows apart',
      (mapping: { backFilled: string[] }) => {
        mapping.backFilled.push('sys_updated_at')
      },
      [{ pointer: '/backFilled/4', message: '"sys_updated_at" tells one row from another' }],
    ],
    [
      'has a matrix with words in it',
      (mapping: { priorityMatrix: { cells: unknown[][] } }) => {
        mapping.priorityMatrix.cells[1]![2] = 'low'
      },
      [{ pointer: '/priorityMatrix/cells/1/2', message: 'must be integer,null' }],
    ],
    [
      'has two times and two states',
      (mapping: { time: object; state: object }) => {
        Object.assign(mapping.time, { constant: '2022-12-31T00:00:00Z' })
        Object.assign(mapping.state, { constant: 'New' })
      },
      [
        { pointer: '/time', message: 'must be a time with either a column and its format, or a constant' },
        {
          pointer: '/state',
          message: 'must be either { column, values }, with "otherwise" or without, or { constant }',
        },
      ],
    ],
    [
      'states an instant that is none, and lacks the format of its columns of times',
      (mapping: { time: object }) => {
        mapping.time = { constant: '2022-12-31', zone: 'UTC', precision: 'second' }
      },
      [
        { pointer: '/time/constant', message: '"2022-12-31" is no instant such as 2022-12-31T00:00:00Z' },
        { pointer: '/time/format', message: 'is missing: the mapping speaks of columns of times' },
      ],
    ],
    [
      'keeps numbers that are made from rows',
      (mapping: { externalId: object }) => {
        mapping.externalId = { from: 'row' }
      },
      [
        {
          pointer: '/number/policy',
          message: 'must be allot: an external id that is made from the row is no number',
        },
      ],
    ],
    [
      'speaks in rows of a state that it does not know',
      (mapping: { fields: Record<string, unknown> }) => {
        mapping.fields.assignee = { column: 'assigned_to', when: ['Active', 'Dancing'] }
      },
      [{ pointer: '/fields/assignee/when/1', message: '"Dancing" is no value of /state/values' }],
    ],
    [
      'speaks in rows of some state where there is no column of states',
      (mapping: { fields: Record<string, unknown>; state: object }) => {
        mapping.state = { constant: ['Resolved', 'Closed'] }
        mapping.fields.symptom = { constant: 'anomaly', when: ['Active'] }
      },
      [{ pointer: '/fields/symptom/when', message: 'needs a state column, whose values it names' }],
    ],
    [
      'gives all rows to one that nobody can be',
      (mapping: { fields: Record<string, unknown>; namespaces: object }) => {
        mapping.namespaces = { people: '', groups: '' }
        mapping.fields.assignee = { constant: 'system:policy' }
      },
      [
        {
          pointer: '/fields/assignee/constant',
          message: expect.stringContaining(`"system:policy" can't be an id`) as never,
        },
      ],
    ],
    [
      'measures time in no unit',
      (mapping: { fields: Record<string, unknown> }) => {
        mapping.fields.openedAt = { earlierBy: { column: 'ttr', unit: 'fortnights' } }
      },
      [{ pointer: '/fields/openedAt', message: 'must be a column, or { earlierBy: { column, unit } }' }],
    ],
  ])('that %s is refused, naming the place', (_, change, errors) => {
    expect(errorsOf(changed<never>(change))).toEqual(errors)
  })

  it('that is no YAML is refused, naming the line', () => {
    expect(errorsOf('source: a\n  b: [')).toEqual(
      expect.arrayContaining([expect.objectContaining({ pointer: expect.stringMatching(/^line [12]$/) })]),
    )
  })

  it('tells all errors at once', () => {
    const yaml = changed((mapping: Record<string, unknown>) => {
      delete mapping.source
      mapping.rowOrder = 'time'
    })
    expect(errorsOf(yaml)).toEqual([
      { pointer: '/source', message: 'is missing' },
      { pointer: '/rowOrder', message: 'must be file' },
    ])
  })
})

describe('a mapping of problems', () => {
  const vinst = readFileSync(join(folder, 'vinst-problems.yaml'), 'utf8')
  const errors = (change: (mapping: { state: object }) => void) => {
    const mapping = parse(vinst)
    change(mapping)
    return errorsOf(stringify(mapping))
  }
  type Changing = (mapping: { fields: object; state: { values: object }; rowOrder: string }) => void

  it.each<[string, Changing, object[]]>([
    [
      'tells fields that only incidents have',
      (mapping) => Object.assign(mapping.fields, { caller: 'Country', knowledgeUsed: 'Country' }),
      [
        { pointer: '/fields/caller', message: 'is not known here' },
        { pointer: '/fields/knowledgeUsed', message: 'is not known here' },
      ],
    ],
    [
      'has a state that only incidents have',
      (mapping) => Object.assign(mapping.state.values, { Assigned: 'In Progress' }),
      [
        {
          pointer: '/state/values/Assigned',
          message: expect.stringContaining('must be one of New, Assess, Root Cause Analysis') as never,
        },
      ],
    ],
    [
      'counts updates, or has custom fields and a matrix',
      (mapping) =>
        Object.assign(mapping, {
          updateCounter: 'Country',
          customFields: { country: 'Country' },
          priorityMatrix: {},
        }),
      [
        { pointer: '/updateCounter', message: 'is not known here' },
        { pointer: '/priorityMatrix', message: 'is not known here' },
        { pointer: '/customFields', message: 'must NOT have more than 0 properties' },
      ],
    ],
    [
      'orders rows by chance',
      (mapping) => Object.assign(mapping, { rowOrder: 'chance' }),
      [{ pointer: '/rowOrder', message: 'must be one of file, time' }],
    ],
  ])('that %s is refused, naming the place', (_, change, expected) => {
    const told = errors(change as (mapping: { state: object }) => void) as object[]
    expect(told).toHaveLength(expected.length)
    expect(told).toEqual(expect.arrayContaining(expected))
  })

  it('may say of a state that its phase is unknown, or how it ended', () => {
    const values = {
      A: { state: 'Assess', phase: 'unknown' },
      B: { state: 'Resolved', outcome: 'risk accepted' },
    }
    expect(errors((mapping) => Object.assign(mapping.state, { values }))).toEqual([])
    const ended = { A: { state: 'New', outcome: 'canceled' }, B: { state: 'Closed', outcome: 'gone' } }
    expect(errors((mapping) => Object.assign(mapping.state, { values: ended }))).toHaveLength(2)
  })
})
