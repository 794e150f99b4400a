import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import { compileSchema } from './json-schema.js'
import type { CustomFields, PublishCustomFields } from './settings.commands.js'
import type { CustomFieldsPublished } from './settings.events.js'
import { versionedDecider } from './versioned-setting.js'

const DRAFT = 'https://json-schema.org/draft/2020-12/schema'
const SCALARS = ['string', 'number', 'integer', 'boolean']

/**
 * What else a shop records about a kind of record. Only new writes are checked by a new version: what is stored keeps
 * the version it was checked with, so no version can break it.
 */
export const customFieldsDecider = versionedDecider<
  Pick<CustomFields, 'schema' | 'filterable'>,
  PublishCustomFields,
  CustomFieldsPublished
>({
  published: 'CustomFieldsPublished',
  contentOf: ({ schema, filterable }) => ({ schema, filterable }),
  check({ data: { recordType, schema, filterable } }) {
    const errors = [
      ...recordTypeErrors(recordType),
      ...schemaErrors(schema),
      ...filterable.flatMap((name, index) => filterableErrors(name, index, filterable, schema)),
    ]
    if (errors.length > 0) {
      throw new InvalidInput(
        'SETTINGS.CUSTOM_FIELDS_MALFORMED',
        'The custom fields are not well formed',
        errors,
      )
    }
    return { recordType, schema, filterable }
  },
})

function recordTypeErrors(recordType: string): FieldError[] {
  return /^[a-z]+(-[a-z]+)*$/.test(recordType)
    ? []
    : [{ pointer: '/recordType', message: 'must be lower-case words joined by dashes' }]
}

function schemaErrors(schema: Record<string, unknown>): FieldError[] {
  const refused = (pointer: string, message: string): FieldError[] => [
    { pointer: `/schema${pointer}`, message },
  ]
  if (schema.$schema !== undefined && schema.$schema !== DRAFT) return refused('/$schema', `must be ${DRAFT}`)
  if (schema.$async !== undefined) return refused('/$async', 'is not possible here')
  if (schema.type !== 'object') return refused('/type', 'must be "object": custom fields are named')
  try {
    compileSchema(schema)
    return []
  } catch (error) {
    return refused('', (error as Error).message)
  }
}

/** Lists filter by columns, so a filterable field has one name and one simple value (or none). */
function filterableErrors(
  name: string,
  index: number,
  filterable: readonly string[],
  { properties }: Record<string, unknown>,
): FieldError[] {
  const pointer = `/filterable/${index}`
  if (filterable.indexOf(name) < index) return [{ pointer, message: 'stands twice' }]
  const property = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined
  const types = isObject(property) ? [property.type].flat() : []
  const scalars = types.filter((type) => type !== 'null')
  return scalars.length === 1 && SCALARS.includes(scalars[0] as string)
    ? []
    : [{ pointer, message: `"${name}" must be a property of the schema whose type is ${SCALARS.join(', ')}` }]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
