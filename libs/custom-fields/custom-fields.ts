import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { canonicalJson, InvalidInput } from '#libs/event-sourcing'

// Compiling a schema costs milliseconds; a schema in force is one object for all decisions that ask for it. Ajv is a pure
// function of schema and value, so that the rules stay pure. Not strict: keywords of other tools must not refuse values.
// Schemas are not kept by their `$id`: two versions of one bear the same.
const ajv = new Ajv2020({ allErrors: true, strict: false, addUsedSchema: false })
addFormats.default(ajv)
const compiled = new WeakMap<object, ValidateFunction>()

/** Tells whether a value fits a schema that somebody has published, and what is wrong with it. */
export function validatorOf(schema: Readonly<Record<string, unknown>>): ValidateFunction {
  let validate = compiled.get(schema)
  if (validate === undefined) {
    validate = ajv.compile(schema)
    compiled.set(schema, validate)
  }
  return validate
}

/** The custom fields of a record type, as they were published. Version 0: nothing was, so none may be set. */
export interface CustomFieldSchema {
  readonly version: number
  /** JSON Schema, draft 2020-12. */
  readonly schema: Record<string, unknown>
  /** Those that lists filter by. */
  readonly filterable: readonly string[]
}

/** The fields of a record after what is wanted of them: absent ones stay, null takes one away. */
export function mergedCustomFields(
  before: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const all = Object.entries({ ...before, ...wanted })
  return Object.fromEntries(all.filter(([, value]) => value !== null && value !== undefined))
}

/**
 * Before and after, and the version of the schema that these fit; undefined: none is to change.
 * @throws InvalidInput as {@link checkCustomFields}
 */
export function changedCustomFields(
  recordType: string,
  schema: CustomFieldSchema,
  from: Record<string, unknown>,
  wanted: Readonly<Record<string, unknown>>,
): { from: Record<string, unknown>; to: Record<string, unknown>; version: number } | undefined {
  const to = mergedCustomFields(from, wanted)
  checkCustomFields(recordType, schema, to)
  return canonicalJson(from) === canonicalJson(to) ? undefined : { from, to, version: schema.version }
}

/**
 * Checks custom fields against the JSON Schema in force.
 * @param recordType as its streams begin: `incident`, `problem`
 * @throws InvalidInput `<RECORD TYPE>.CUSTOM_FIELDS_INVALID`, naming every field that is wrong
 */
export function checkCustomFields(
  recordType: string,
  { version, schema }: Pick<CustomFieldSchema, 'version' | 'schema'>,
  values: Record<string, unknown>,
): void {
  const validate = validatorOf(schema)
  if (validate(values)) return
  const errors = (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const property = params.additionalProperty ?? params.missingProperty ?? params.unevaluatedProperty
    return {
      pointer: `/customFields${instancePath}${property === undefined ? '' : `/${property}`}`,
      message: message ?? 'is not valid',
    }
  })
  throw new InvalidInput(
    `${recordType.toUpperCase()}.CUSTOM_FIELDS_INVALID`,
    version === 0
      ? `No custom fields are declared for ${recordType}s: publish a schema for them first, or leave them out`
      : `The custom fields do not fit version ${version} of their schema: correct the fields named in "errors"`,
    errors,
  )
}
