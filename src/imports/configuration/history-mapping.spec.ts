import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { InvalidInput } from '#libs/event-sourcing'
import { anyMapping } from '../any-mapping.js'
import { parseHistoryMapping } from './history-mapping.js'

const SHIPPED = readFileSync(join(__dirname, '../mappings/ansible-inventory-history.yaml'), 'utf8')

/** The shipped mapping with something else in it. */
// biome-ignore lint/suspicious/noExplicitAny: a test may write any YAML
function errorsOf(change: (mapping: any) => void): unknown {
  const mapping = parse(SHIPPED)
  change(mapping)
  try {
    parseHistoryMapping(stringify(mapping))
    return 'sound'
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInput)
    const { code, extra } = error as InvalidInput
    const errors = extra.errors as { pointer: string; message: string }[]
    return [code, ...errors.map(({ pointer, message }) => `${pointer} ${message}`)]
  }
}

describe('a mapping of a configuration’s history', () => {
  it('is told from one of rows by its record type', () => {
    expect(anyMapping(SHIPPED)).toMatchObject({ recordType: 'configuration', relations: [expect.anything()] })
  })

  it('needs neither relations nor classes nor a name space of people', () => {
    const bare = parse(SHIPPED)
    for (const key of ['relations', 'references', 'classes', 'people']) delete bare[key]
    expect(parseHistoryMapping(stringify(bare))).toMatchObject({
      people: '',
      relations: [],
      references: [],
      classes: [],
    })
  })

  it('names every place that is not sound', () => {
    const errors = errorsOf((mapping) => {
      mapping.number.digits = 0
      mapping.items[0].operation.values.create = 'make'
      mapping.commits.colour = 'red'
      delete mapping.order
    })
    expect(errors).toEqual([
      'IMPORT.MAPPING_INVALID',
      '/order is missing',
      expect.stringMatching(/^\/number\/digits /),
      '/commits/colour is not known here',
      expect.stringMatching(/^\/items\/0\/operation\/values\/create must be one of register, /),
    ])
  })

  it('is refused where a schema cannot tell that it makes no sense', () => {
    expect(
      errorsOf((mapping) => {
        mapping.relations[0].file = 'ci-events.jsonl'
      }),
    ).toEqual(['IMPORT.MAPPING_INVALID', '/ names the file ci-events.jsonl twice'])
    expect(
      errorsOf((mapping) => {
        delete mapping.items[0].previousName
      }),
    ).toEqual(['IMPORT.MAPPING_INVALID', '/items/0/previousName is missing: a renamed CI had another name'])
  })

  it('is told not to be YAML by its line', () => {
    expect(() => parseHistoryMapping('source: [')).toThrow(/line 1/)
  })
})
