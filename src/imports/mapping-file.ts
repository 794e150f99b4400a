import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js'
import { parseDocument } from 'yaml'
import { type FieldError, InvalidInput } from '#libs/event-sourcing'

/** @throws InvalidInput `IMPORT.MAPPING_INVALID`, naming the lines that are no YAML 1.2 */
export function readYaml(yaml: string): unknown {
  const document = parseDocument(yaml)
  if (document.errors.length === 0) return document.toJS()
  throw invalidMapping(
    document.errors.map(({ message, linePos }) => ({
      pointer: `line ${linePos?.[0].line ?? '?'}`,
      message: message.split('\n', 1)[0]!.replace(/ at line.*$/, ''),
    })),
  )
}

/**
 * What a file says, if it is a mapping of this kind.
 * @param meaning what a schema can't say
 * @throws InvalidInput `IMPORT.MAPPING_INVALID`, naming every offending place by its path
 */
export function checkedMapping<Mapping>(
  content: unknown,
  isMapping: ValidateFunction<Mapping>,
  meaning: (mapping: Mapping) => Iterable<FieldError>,
): Mapping {
  if (!isMapping(content)) throw invalidMapping(readable(isMapping.errors ?? []))
  const errors = [...meaning(content)]
  if (errors.length > 0) throw invalidMapping(errors)
  return content
}

function invalidMapping(errors: FieldError[]): InvalidInput {
  const places = errors.map(({ pointer, message }) => `${pointer}: ${message}`)
  return new InvalidInput(
    'IMPORT.MAPPING_INVALID',
    `The mapping is not valid:\n  ${places.join('\n  ')}`,
    errors,
  )
}

/** One error per place; of a choice that nothing fits, the choice itself says more than each of its branches. */
function readable(errors: readonly ErrorObject[]): FieldError[] {
  const told = new Map<string, FieldError>()
  for (const { instancePath, schemaPath, keyword, params, message, parentSchema } of errors) {
    if (/\/(anyOf|oneOf)\/\d/.test(schemaPath)) continue
    const property: unknown =
      params.additionalProperty ?? params.missingProperty ?? params.unevaluatedProperty
    const pointer = property === undefined ? instancePath || '/' : `${instancePath}/${property}`
    told.set(pointer, { pointer, message: explain(keyword, params, parentSchema, message) })
  }
  return [...told.values()]
}

function explain(
  keyword: string,
  params: ErrorObject['params'],
  schema: ErrorObject['parentSchema'],
  message = 'is not valid',
): string {
  switch (keyword) {
    case 'anyOf':
    case 'oneOf':
      return `must be ${schema?.description ?? 'one of the allowed forms'}`
    case 'required':
      return 'is missing'
    case 'additionalProperties':
      return 'is not known here'
    case 'enum':
      return `must be one of ${params.allowedValues.join(', ')}`
    case 'const':
      return `must be ${params.allowedValue}`
    default:
      return message
  }
}
