import { getMetadataStorage, ValidationTypes } from 'class-validator'
import { targetConstructorToSchema } from 'class-validator-jsonschema'
import type { ISchemaConverters } from 'class-validator-jsonschema/build/defaultConverters.js'
import {
  CONSTRAINTS,
  converters,
  type DtoClass,
  isKnownConstraint,
  type JsonSchema,
  type PropertyMetadata,
} from './converters.js'
import { isNullable, isOwnCondition } from './decorators.js'

/** Where component schemas stand in an OpenAPI document; executable schemas use the same place. */
const COMPONENTS = '#/components/schemas/'

/** A class as JSON Schema 2020-12. */
export interface DtoSchema {
  /** With the `constraints` keyword, which calls class-validator's own functions. For Ajv. */
  readonly executable: JsonSchema
  /** Without it: what the OpenAPI document says. */
  readonly published: JsonSchema
  /** Classes that the schema refers to. */
  readonly references: readonly DtoClass[]
  /** True when conditions, groups or custom validators can only be judged by class-validator itself. */
  readonly needsClassValidator: boolean
}

const schemas = new Map<DtoClass, DtoSchema>()
const namedClasses = new Map<string, DtoClass>()

/** `{ $ref }` to the class's component schema. */
export function referenceTo(dto: DtoClass): JsonSchema {
  return { $ref: COMPONENTS + dto.name }
}

/**
 * The schema of a class with class-validator decorators: an object closed to unknown fields, in which every decorated
 * field is required unless `@IsOptional()`, and null only where `@Nullable()`.
 * @throws Error when two classes share a name, or a validator is asynchronous.
 */
export function dtoSchema(dto: DtoClass): DtoSchema {
  const known = schemas.get(dto)
  if (known) return known
  claimName(dto)
  const metadata = propertyMetadata(dto)
  const references = new Set<DtoClass>()
  const raw = targetConstructorToSchema(dto, {
    refPointerPrefix: COMPONENTS,
    additionalConverters: converters(references) as unknown as ISchemaConverters,
  }) as JsonSchema
  const fields = groupByProperty(metadata)
  const properties: Record<string, JsonSchema> = {}
  let needsClassValidator = false
  for (const [name, rules] of fields) {
    const property = (raw.properties as Record<string, JsonSchema> | undefined)?.[name] ?? {}
    const leftOut = rules.some(onlyClassValidatorKnows)
    needsClassValidator ||= leftOut || rules.some(isCustom)
    properties[name] = leftOut ? descriptionOf(property) : isNullable(dto, name) ? orNull(property) : property
  }
  const required = [...fields].filter(([, rules]) => !rules.some(mayBeAbsent)).map(([name]) => name)
  const executable: JsonSchema = {
    ...raw,
    type: 'object',
    properties,
    required,
    additionalProperties: false,
  }
  if (required.length === 0) delete executable.required
  const schema: DtoSchema = {
    executable,
    published: withoutConstraints(executable) as JsonSchema,
    references: [...references],
    needsClassValidator,
  }
  schemas.set(dto, schema)
  return schema
}

/** The classes and everything they refer to, by name, as `components.schemas` of an OpenAPI document. */
export function componentSchemas(
  dtos: Iterable<DtoClass>,
  kind: 'published' | 'executable' = 'published',
): Record<string, JsonSchema> {
  const found = new Map<string, JsonSchema>()
  const visit = (dto: DtoClass): void => {
    if (found.has(dto.name)) return
    const schema = dtoSchema(dto)
    found.set(dto.name, schema[kind])
    schema.references.forEach(visit)
  }
  for (const dto of dtos) visit(dto)
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** True when the class or one it refers to has rules that only class-validator can judge. */
export function needsClassValidator(dto: DtoClass, seen = new Set<DtoClass>()): boolean {
  if (seen.has(dto)) return false
  seen.add(dto)
  const schema = dtoSchema(dto)
  return schema.needsClassValidator || schema.references.some((nested) => needsClassValidator(nested, seen))
}

/** class-validator's rules for a class, inherited ones included. */
export function propertyMetadata(dto: DtoClass): PropertyMetadata[] {
  return getMetadataStorage().getTargetValidationMetadatas(
    dto,
    '',
    true,
    false,
  ) as unknown[] as PropertyMetadata[]
}

export function groupByProperty(metadata: readonly PropertyMetadata[]): Map<string, PropertyMetadata[]> {
  const fields = new Map<string, PropertyMetadata[]>()
  for (const rule of metadata) {
    const rules = fields.get(rule.propertyName)
    if (rules) rules.push(rule)
    else fields.set(rule.propertyName, [rule])
  }
  return fields
}

function claimName(dto: DtoClass): void {
  const other = namedClasses.get(dto.name)
  if (other !== undefined && other !== dto) {
    throw new Error(`Two classes are called ${dto.name}; the API needs one name for one schema`)
  }
  namedClasses.set(dto.name, dto)
}

function isCondition(rule: PropertyMetadata): boolean {
  return rule.type === ValidationTypes.CONDITIONAL_VALIDATION
}

/** `@IsOptional()`, or a `@ValidateIf()`, under which class-validator decides. */
export function mayBeAbsent(rule: PropertyMetadata): boolean {
  return isCondition(rule) && !isOwnCondition(rule.constraints?.[0])
}

function onlyClassValidatorKnows(rule: PropertyMetadata): boolean {
  const foreignCondition = mayBeAbsent(rule) && rule.name !== 'isOptional'
  return foreignCondition || rule.validateIf !== undefined || (rule.groups?.length ?? 0) > 0
}

/** A validator of the application's own, which may look at the whole object: only class-validator can run it. */
function isCustom(rule: PropertyMetadata): boolean {
  if (rule.type !== ValidationTypes.CUSTOM_VALIDATION) return false
  const [constraint] = getMetadataStorage().getTargetValidatorConstraints(rule.constraintCls)
  if (constraint?.async) {
    throw new Error(
      `${rule.propertyName}: asynchronous validators are not supported; ask for facts in the decider`,
    )
  }
  return !isKnownConstraint(constraint?.name)
}

function descriptionOf(property: JsonSchema): JsonSchema {
  return typeof property.description === 'string' ? { description: property.description } : {}
}

function orNull(property: JsonSchema): JsonSchema {
  const { description, examples, ...rules } = property
  const words = { ...(description ? { description } : {}), ...(examples ? { examples } : {}) }
  if (typeof rules.type === 'string' && rules.enum === undefined && rules[CONSTRAINTS] === undefined) {
    return { ...words, ...rules, type: [rules.type, 'null'] }
  }
  return { ...words, anyOf: [rules, { type: 'null' }] }
}

function withoutConstraints(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutConstraints)
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key]) => key !== CONSTRAINTS)
      .map(([key, value]) => [key, withoutConstraints(value)]),
  )
}
