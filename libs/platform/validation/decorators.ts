import 'reflect-metadata'
import { ValidateBy, ValidateIf } from 'class-validator'
import { JSONSchema } from 'class-validator-jsonschema'
import { isInstant } from '../instant/index.js'
import { conforms } from './compiled-dto.js'
import { CONFORMS, type DtoClass, IS_INSTANT, type JsonSchema } from './converters.js'

const NULLABLE = Symbol('nullable')
const ownConditions = new WeakSet<object>()

/** Description, examples and the like of a field or class, for the OpenAPI document. */
export function Field(description: string, ...examples: unknown[]): PropertyDecorator & ClassDecorator {
  return JSONSchema({ description, ...(examples.length > 0 ? { examples } : {}) }) as PropertyDecorator &
    ClassDecorator
}

/** The field may be null. (`@IsOptional()` says that it may be absent, and not that it may be null.) */
export function Nullable(): PropertyDecorator {
  return (prototype, property) => {
    const condition = (_object: unknown, value: unknown): boolean => value !== null
    ownConditions.add(condition)
    Reflect.defineMetadata(NULLABLE, true, prototype, property)
    ValidateIf(condition)(prototype, property)
  }
}

export function isNullable(dto: DtoClass, property: string): boolean {
  return Reflect.getMetadata(NULLABLE, dto.prototype, property) === true
}

export function isOwnCondition(condition: unknown): boolean {
  return typeof condition === 'function' && ownConditions.has(condition)
}

/**
 * The field must conform to a JSON Schema; for shapes that class-validator has no word for. Classes are named in
 * `references` and referred to by `referenceTo(Dto)`.
 * @example `@Conforms(() => ({ type: 'object', additionalProperties: { type: ['string', 'number'] } })) fields: ...`
 */
export function Conforms(
  schema: () => JsonSchema,
  references: () => DtoClass[] = () => [],
): PropertyDecorator {
  return ValidateBy({
    name: CONFORMS,
    constraints: [schema, references],
    validator: {
      validate: (value) => conforms(schema, references, value),
      defaultMessage: () => '$property does not have the shape described for it',
    },
  })
}

/** An object used as a map from any key to values of one class. */
export function MapOf(dto: () => DtoClass): PropertyDecorator {
  return Conforms(
    () => ({ type: 'object', additionalProperties: { $ref: `#/components/schemas/${dto().name}` } }),
    () => [dto()],
  )
}

/** A value of any one of several classes. */
export function AnyOf(dtos: () => DtoClass[]): PropertyDecorator {
  return Conforms(
    () => ({ anyOf: dtos().map(({ name }) => ({ $ref: `#/components/schemas/${name}` })) }),
    dtos,
  )
}

/** An instant: RFC 3339 date and time with an offset, such as `2016-05-10T09:00:00Z`. */
export function IsInstant(): PropertyDecorator {
  return ValidateBy({
    name: IS_INSTANT,
    validator: {
      validate: isInstant,
      defaultMessage: () =>
        '$property must be a date and time with offset, such as 2016-05-10T09:00:00Z (in a URL, + is written %2B)',
    },
  })
}
