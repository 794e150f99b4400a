import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { InvalidInput } from '#libs/event-sourcing'
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
    expect(parseMapping(readFileSync(join(folder, file), 'utf8')).source).toBeTruthy()
  })

  it('has defaults for what most exports share', () => {
    const yaml = changed((mapping: { format?: object }) => {
      mapping.format = { delimiter: ',' }
    })
    const mapping = parseMapping(yaml)
    expect(mapping.format).toEqual({ delimiter: ',', quote: '"', encoding: 'utf8', missing: [''] })
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
            'must be one of New, In Progress, On Hold, Resolved, Closed, Canceled, "keep", or { state: On Hold, hold: <reason> }',
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
