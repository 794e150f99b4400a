import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { FieldError } from '#libs/event-sourcing'
import type { CiClass } from '../../settings/domain/settings.events.js'
import { checkedMapping, readYaml } from '../mapping-file.js'
import { HISTORY_MAPPING_SCHEMA } from './history-mapping.schema.js'

/** A column, whose words mean something else here. A word that is not among them rejects the row. */
export interface WordColumn<Word extends string = string> {
  column: string
  values: Record<string, Word>
}

/** What a row about a configuration item says that happened. `observe`: nothing that is kept has changed. */
export type CiOperation = 'register' | 'change' | 'observe' | 'rename' | 'retire'
export type RelationOperation = 'relate' | 'unrelate'

/** Files that list, one after the other, the commits of a configuration, and what each did. JSON lines, gzip or not. */
export interface HistoryMapping {
  /** Name space of the external ids; lower-case words joined by dashes. */
  source: string
  recordType: 'configuration'
  /** Before every id of a person. */
  people: string
  /** Numbers of the commits' changes: the prefix and the commit's key. */
  number: { prefix: string; digits: number }
  /** A commit a row, in the order in which they came to be. */
  commits: {
    file: string
    /** Number by which the other files name the commit; rises from row to row. */
    key: string
    externalId: string
    /** ISO 8601 with a zone. */
    occurredAt: string
    attributedTo: string
    title: string
    /** A list of names of tickets elsewhere. */
    references?: string
  }
  /** Number that rises over the rows of all files but the commits': their one order. */
  order: string
  /** The commit that a row belongs to, by its key. */
  commit: string
  items: {
    file: string
    operation: WordColumn<CiOperation>
    class: WordColumn
    name: string
    /** Of a CI that is renamed. */
    previousName?: string
    /** An object of attributes, each with what was before and what came after; null: nothing. */
    attributes?: string
  }[]
  relations: {
    file: string
    operation: WordColumn<RelationOperation>
    /** Name of the relation's type, read from source to target. */
    type: string
    source: NamedEnd
    target: NamedEnd
  }[]
  /** Attributes that name a CI: each is a relation besides, as long as it says so. */
  references: { ofClass: string; attribute: string; type: string; class: string }[]
  /** Classes that there must be. Those that are missing, and attributes that they lack, are published first. */
  classes: CiClass[]
}

/** An end of a relation, known by its name alone. */
export interface NamedEnd {
  name: string
  class: string | WordColumn
}

let compiled: ValidateFunction<HistoryMapping> | undefined

/** Compiled when it is first asked for: that takes long. */
function historyMappingCheck(): ValidateFunction<HistoryMapping> {
  const options = { allErrors: true, useDefaults: true, allowUnionTypes: true, verbose: true }
  compiled ??= new Ajv2020(options).compile<HistoryMapping>(HISTORY_MAPPING_SCHEMA)
  return compiled
}

/**
 * Reads a mapping of a configuration's history from YAML 1.2.
 * @throws InvalidInput `IMPORT.MAPPING_INVALID`
 */
export function parseHistoryMapping(yaml: string): HistoryMapping {
  return checkedMapping(readYaml(yaml), historyMappingCheck(), meaningErrors)
}

function* meaningErrors({ commits, items, relations }: HistoryMapping): Iterable<FieldError> {
  const files = [commits, ...items, ...relations].map(({ file }) => file)
  const twice = files.find((file, index) => files.indexOf(file) < index)
  if (twice !== undefined) yield { pointer: '/', message: `names the file ${twice} twice` }
  for (const [index, { operation, previousName }] of items.entries())
    if (previousName === undefined && Object.values(operation.values).includes('rename'))
      yield { pointer: `/items/${index}/previousName`, message: 'is missing: a renamed CI had another name' }
}
