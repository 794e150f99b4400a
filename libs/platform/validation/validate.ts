import type { ErrorObject } from 'ajv'
import { type ValidationError, validateSync } from 'class-validator'
import { type FieldError, InvalidInput } from '#libs/event-sourcing'
import { CLASS_VALIDATOR_OPTIONS, type CompiledDto, compile } from './compiled-dto.js'
import { CONFORMS, type DtoClass, type JsonSchema } from './converters.js'
import { dtoSchema } from './json-schema.js'

/**
 * Checks a request body.
 * @returns the same object, known to be a `T`; it is not turned into an instance of the class.
 * @throws InvalidInput `REQUEST.INVALID` with one `{ pointer, message }` per offending field.
 */
export function validateBody<T extends object>(dto: DtoClass<T>, value: unknown): T {
  const check = compile(dto)
  if (check.accepts(value)) return value
  throw new InvalidInput(
    'REQUEST.INVALID',
    'The request body does not have the form described for it: see errors.',
    wordErrors(check, value),
  )
}

/**
 * Words what is wrong with a value that was refused: by class-validator's messages where it has something to say,
 * otherwise by the schema's. One entry per field, JSON pointers as in RFC 6901.
 */
export function wordErrors<T extends object>(check: CompiledDto<T>, value: unknown): FieldError[] {
  const messages = new Map<string, Set<string>>()
  const add = (pointer: string, message: string): void => {
    const known = messages.get(pointer)
    if (known) known.add(message)
    else messages.set(pointer, new Set([message]))
  }
  const schemaErrors = check.schemaErrors(value)
  // Of what is not there, its form need not be told.
  const missing = schemaErrors.filter(({ keyword }) => keyword === 'required')
  for (const error of missing) add(pointerOf(error), wordingOf(error))
  const worded = new Set(messages.keys())
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const errors = validateSync(check.instance(value), WITH_CLASSES)
    walk(errors, '', (pointer, message) => worded.has(pointer) || add(pointer, message))
  }
  for (const pointer of messages.keys()) worded.add(pointer)
  for (const error of schemaErrors) {
    const pointer = pointerOf(error)
    if (!worded.has(pointer) && !isAboutContents(error, worded)) add(pointer, wordingOf(error))
  }
  return [...messages].map(([pointer, texts]) => ({ pointer, message: [...texts].join('; ') }))
}

/** That none of several forms fits says no more where what is wrong within has been told. */
function isAboutContents({ keyword, instancePath, data }: ErrorObject, worded: ReadonlySet<string>): boolean {
  const isObject = typeof data === 'object' && data !== null
  if (!isObject || !['anyOf', 'type'].includes(keyword)) return false
  return [...worded].some((pointer) => pointer.startsWith(`${instancePath}/`))
}

/** Errors bear the instance that they are about, so that its class can tell an example. */
const WITH_CLASSES = { ...CLASS_VALIDATOR_OPTIONS, validationError: { target: true } }

function walk(
  errors: ValidationError[],
  parent: string,
  add: (pointer: string, message: string) => void,
): void {
  for (const error of errors) {
    const pointer = error.property === undefined ? parent : `${parent}/${escapeToken(error.property)}`
    for (const [rule, message] of toldRules(error)) {
      // Unknown fields are worded by the schema's error, which can name the known ones.
      if (rule === 'whitelistValidation' || rule === 'unknownValue') continue
      add(pointer, rewordings[rule]?.(message, error) ?? message)
    }
    walk(error.children ?? [], pointer, add)
  }
}

const TYPE_RULES = ['isString', 'isInt', 'isNumber', 'isBoolean', 'isArray', 'isObject']

/** Of a value that is of another type altogether, nothing else need be told. */
function toldRules({ constraints = {} }: ValidationError): [string, string][] {
  const rules = Object.entries(constraints)
  const ofType = rules.filter(([rule]) => TYPE_RULES.includes(rule))
  return ofType.length > 0 ? ofType : rules
}

/** Rules whose messages can say more, or less of how they are checked; undefined: the message as it is. */
const rewordings: Record<string, (message: string, error: ValidationError) => string | undefined> = {
  matches: (message, error) => {
    const example = exampleOf(error)
    if (example === undefined || !/ must match .* regular expression$/s.test(message)) return
    const text = Array.isArray(example) ? example.join(', ') : String(example)
    return message.replace(/ must match .*$/s, ` must have the form described for it, such as ${text}`)
  },
  [CONFORMS]: (message, error) => {
    const example = exampleOf(error)
    return example === undefined ? undefined : `${message}, such as ${JSON.stringify(example)}`
  },
  nestedValidation: (message) =>
    message.replace(/nested property (\S+) must be either object or array$/, '$1 must be an object'),
}

/** What the contract gives as an example of the field. */
function exampleOf({ target, property }: ValidationError): unknown {
  if (!target) return undefined
  const { properties } = dtoSchema(target.constructor as DtoClass).published
  return ((properties as Record<string, JsonSchema>)[property]?.examples as unknown[] | undefined)?.[0]
}

function pointerOf(error: ErrorObject): string {
  if (error.keyword === 'required')
    return `${error.instancePath}/${escapeToken(error.params.missingProperty)}`
  if (error.keyword === 'additionalProperties') {
    return `${error.instancePath}/${escapeToken(error.params.additionalProperty)}`
  }
  return error.instancePath
}

function wordingOf(error: ErrorObject): string {
  if (error.keyword === 'required') return wordingOfMissing(error)
  if (error.keyword === 'additionalProperties') {
    const known = Object.keys(error.parentSchema?.properties ?? {})
    const list = known.length > 0 ? `; the fields are ${known.join(', ')}` : ''
    return `${error.params.additionalProperty} is not a field of this object${list}`
  }
  if (error.keyword === 'enum') return `must be one of ${error.params.allowedValues.join(', ')}`
  return error.message ?? 'is not valid'
}

function wordingOfMissing({ params: { missingProperty: name }, parentSchema }: ErrorObject): string {
  const { enum: allowed } = (parentSchema?.properties?.[name] ?? {}) as { enum?: readonly unknown[] }
  return `${name} is missing${allowed ? `: it is one of ${allowed.join(', ')}` : ''}`
}

function escapeToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
