import 'reflect-metadata'
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js'
import { getMetadataStorage, ValidationTypes } from 'class-validator'
import { defaultConverters } from 'class-validator-jsonschema/build/defaultConverters.js'
import { hasAtLeast, hasAtMost } from './text-length.js'

export type DtoClass<T extends object = object> = new () => T
export type JsonSchema = Record<string, unknown>

/** What this module reads of class-validator's `ValidationMetadata`. */
export interface PropertyMetadata {
  type: string
  name?: string
  target: DtoClass
  propertyName: string
  // biome-ignore lint/suspicious/noExplicitAny: class-validator leaves the arguments of its decorators untyped
  constraints: any[]
  constraintCls: new () => unknown
  groups?: string[]
  each: boolean
  validateIf?: (object: unknown, value: unknown) => boolean
}

type Converter = (meta: PropertyMetadata) => JsonSchema | undefined

/**
 * The schema keyword that calls class-validator's own function: `{ <number of the function>: true }` (an object, not a
 * list, so that the rules of several decorators merge).
 */
export const CONSTRAINTS = 'constraints'

/** Called with a value; true when class-validator's rule holds. */
export type ConstraintFunction = (value: unknown) => boolean
const constraintFunctions: ConstraintFunction[] = []

export function constraintFunction(number: string): ConstraintFunction {
  const found = constraintFunctions[Number(number)]
  if (!found) throw new Error(`No constraint function ${number}`)
  return found
}

/** Name of the validator behind `@Conforms()`, whose schema stands for itself. */
export const CONFORMS = 'conformsToSchema'
/** Name of the validator behind `@IsInstant()`. */
export const IS_INSTANT = 'isInstant'

/** The schema says exactly what class-validator checks (or, for `maxLength`, a hair more), so the function is not called. */
const EXACT = new Set([
  'isString',
  'isBoolean',
  'isInt',
  'min',
  'max',
  'isPositive',
  'isNegative',
  'arrayMinSize',
  'arrayMaxSize',
  'arrayNotEmpty',
  'isArray',
  'isObject',
  'isDefined',
  'isIn',
  'isEnum',
  'equals',
  'maxLength',
  CONFORMS,
])

/** Published as any string, because the library's pattern would refuse what class-validator takes. */
const ANY_STRING = [
  'isNumberString',
  'isBooleanString',
  'isHexColor',
  'isFullWidth',
  'isHalfWidth',
  'isVariableWidth',
  'isMilitaryTime',
  'isAlpha',
  'isAlphanumeric',
  'isHexadecimal',
  'isMultibyte',
  'isSurrogatePair',
  'isMongoId',
  'isIso8601',
  'isDateString',
  'contains',
  'notContains',
  'isUrl',
]

const OVERRIDES: Record<string, Converter> = {
  ...Object.fromEntries(ANY_STRING.map((name) => [name, () => ({ type: 'string' })])),
  [IS_INSTANT]: () => ({ type: 'string', format: 'date-time' }),
  isNotEmpty: (meta) => (designType(meta) === String ? { minLength: 1 } : {}),
  isIn: (meta) => enumOf(meta.constraints[0]),
  isEnum: (meta) => enumOf(Object.values(meta.constraints[0])),
  equals: (meta) => ({ const: meta.constraints[0] }),
  matches: patternOf,
  [CONFORMS]: (meta) => meta.constraints[0](),
}

const KNOWN = {
  ...(defaultConverters as unknown as Record<string, Converter | JsonSchema>),
  ...OVERRIDES,
}

/** False for a validator of the application's own, of which only class-validator knows what it checks. */
export function isKnownConstraint(name: string | undefined): boolean {
  return name !== undefined && name in KNOWN
}

/**
 * Converters for class-validator-jsonschema. What a schema cannot say exactly (an e-mail address, a URL, a length that
 * counts as class-validator counts) gets the keyword `constraints`, so that the compiled schema and class-validator agree.
 * @param references gets the classes that nested fields and `@Conforms()` refer to
 */
export function converters(references: Set<DtoClass>): Record<string, Converter> {
  const all: Record<string, Converter> = {}
  for (const [name, converter] of Object.entries(KNOWN)) {
    all[name] = (meta) => {
      const published = typeof converter === 'function' ? converter(meta) : converter
      return isExact(name, meta) ? published : { ...published, [CONSTRAINTS]: { [register(meta)]: true } }
    }
  }
  all[CONFORMS] = (meta) => {
    for (const dto of (meta.constraints[1] as () => DtoClass[])()) references.add(dto)
    return meta.constraints[0]()
  }
  all[ValidationTypes.NESTED_VALIDATION] = (meta) => nested(meta, references)
  all[ValidationTypes.CUSTOM_VALIDATION] = () => ({})
  return all
}

function isExact(name: string, meta: PropertyMetadata): boolean {
  const plainNumber = name === 'isNumber' && Object.keys(meta.constraints[0] ?? {}).length === 0
  const unicodePattern = name === 'matches' && (meta.constraints[0] as RegExp).flags === 'u'
  return plainNumber || unicodePattern || EXACT.has(name) || meta.constraintCls === undefined
}

function nested(meta: PropertyMetadata, references: Set<DtoClass>): JsonSchema {
  const declared = defaultMetadataStorage.findTypeMetadata(meta.target, meta.propertyName)
  const reflected = designType(meta)
  const type = (declared?.typeFunction() ?? reflected) as DtoClass | undefined
  if (type === undefined || type === (Array as unknown) || type === (Object as unknown)) {
    throw new Error(`${meta.target.name}.${meta.propertyName}: @ValidateNested() needs @Type(() => ItsClass)`)
  }
  references.add(type)
  const reference = { $ref: `#/components/schemas/${type.name}` }
  // class-validator descends into arrays with and without `each`; the library adds `items` only for `each`.
  return reflected === Array && !meta.each ? { type: 'array', items: reference } : reference
}

/** Validators of class-validator's own look at the value and at what their decorator was given, and at nothing else. */
function register(meta: PropertyMetadata): string {
  const [constraint] = getMetadataStorage().getTargetValidatorConstraints(meta.constraintCls)
  if (!constraint) throw new Error(`${meta.target.name}.${meta.propertyName}: no such validator`)
  const validator = constraint.instance
  const given = { property: meta.propertyName, targetName: meta.target.name, constraints: meta.constraints }
  const args = { ...given, object: {}, value: undefined }
  const holds: ConstraintFunction = (value) => validator.validate(value, args) as boolean
  constraintFunctions.push(meta.name === 'isLength' ? unlessPlainlyWithin(meta.constraints, holds) : holds)
  return String(constraintFunctions.length - 1)
}

function unlessPlainlyWithin([min = 0, max]: number[], holds: ConstraintFunction): ConstraintFunction {
  return (value) =>
    (typeof value === 'string' && hasAtLeast(min, value) && max !== undefined && hasAtMost(max, value)) ||
    holds(value)
}

function designType(meta: PropertyMetadata): unknown {
  return Reflect.getMetadata('design:type', meta.target.prototype, meta.propertyName)
}

function enumOf(values: unknown[]): JsonSchema {
  const types = new Set(values.map((value) => typeof value))
  const [type] = types
  return types.size === 1 && (type === 'string' || type === 'number' || type === 'boolean')
    ? { type, enum: [...new Set(values)] }
    : { enum: [...new Set(values)] }
}

/** JSON Schema patterns are read with the `u` flag; other flags cannot be said there, so the function alone decides. */
function patternOf(meta: PropertyMetadata): JsonSchema {
  const pattern = meta.constraints[0] as RegExp | string
  if (!(pattern instanceof RegExp) || pattern.flags.replace('u', '') !== '') return { type: 'string' }
  try {
    new RegExp(pattern.source, 'u')
  } catch (cause) {
    const where = `${meta.target.name}.${meta.propertyName}`
    throw new Error(`${where}: write the pattern so that it is valid with the u flag`, { cause })
  }
  return { type: 'string', pattern: pattern.source }
}
