import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import { compile } from './compiled-dto.js'
import type { DtoClass, JsonSchema } from './converters.js'
import { dtoSchema } from './json-schema.js'
import { wordErrors } from './validate.js'

type Coercion = (value: unknown) => unknown

const coercions = new WeakMap<DtoClass, Map<string, Coercion>>()

/**
 * Reads query or path parameters: texts become the integers, numbers, booleans and lists that the class declares (a list is
 * given by repeating the parameter), and what cannot be read so is refused.
 * @throws InvalidInput `REQUEST.UNKNOWN_PARAMETER` naming every parameter that the endpoint does not know;
 * `REQUEST.INVALID` with one `{ pointer: <parameter>, message }` per wrong one.
 */
export function validateParameters<T extends object>(dto: DtoClass<T>, raw: Record<string, unknown>): T {
  const known = coercionsOf(dto)
  const values: Record<string, unknown> = {}
  let unknown: string[] | undefined
  for (const name in raw) {
    const coerce = known.get(name)
    if (coerce) values[name] = coerce(raw[name])
    else {
      unknown ??= []
      unknown.push(name)
    }
  }
  if (unknown) throw unknownParameters(unknown, [...known.keys()])
  const check = compile(dto)
  if (check.accepts(values)) return values
  const errors = wordErrors(check, values).map(({ pointer, message }) => ({
    pointer: pointer.slice(1),
    message,
  }))
  throw new InvalidInput(
    'REQUEST.INVALID',
    'The parameters do not have the form described for them: see errors.',
    errors,
  )
}

/** 400 that names parameters which an endpoint does not know, and those that it does. */
export function unknownParameters(unknown: readonly string[], known: readonly string[]): InvalidInput {
  const allowed = known.length > 0 ? `known are ${known.join(', ')}` : 'this endpoint takes none'
  const errors: FieldError[] = unknown.map((name) => ({
    pointer: name,
    message: `unknown parameter; ${allowed}`,
  }))
  return new InvalidInput(
    'REQUEST.UNKNOWN_PARAMETER',
    `Unknown query parameter: ${unknown.join(', ')}.`,
    errors,
  )
}

function coercionsOf(dto: DtoClass): Map<string, Coercion> {
  let known = coercions.get(dto)
  if (!known) {
    const properties = dtoSchema(dto).published.properties as Record<string, JsonSchema>
    known = new Map(Object.entries(properties).map(([name, schema]) => [name, coercionFor(schema)]))
    coercions.set(dto, known)
  }
  return known
}

function coercionFor(schema: JsonSchema): Coercion {
  switch (schema.type) {
    case 'array': {
      const item = coercionFor((schema.items as JsonSchema | undefined) ?? {})
      return (value) => (Array.isArray(value) ? value.map(item) : [item(value)])
    }
    case 'integer':
    case 'number':
      return toNumber
    case 'boolean':
      return (value) => (value === 'true' ? true : value === 'false' ? false : value)
    default:
      return (value) => value
  }
}

/** Plain decimal notation only; anything else stays a text and is refused by the schema. */
function toNumber(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : value
}
