import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { type OpenApiDocument, patternOf } from '../http-contract/index.js'

interface Checker {
  readonly templates: { pattern: RegExp; path: string }[]
  readonly ajv: Ajv2020
  /** By what the schema says: most answers share a few, such as that of problems. */
  readonly compiled: Map<string, ValidateFunction>
}

/** Under which a checker's schemas know the document. */
const CONTRACT = 'contract:'

const checkers = new WeakMap<OpenApiDocument, Checker>()

/**
 * Asserts that an answer is within the contract: a documented path, method, status and media type, and a body that
 * conforms to its schema.
 * @param path as requested, with or without query
 * @param body parsed JSON; text or bytes for other media types
 * @param contentType default: the first one documented for the status
 * @throws Error saying what is outside
 */
export function assertAnswer(
  openapi: OpenApiDocument,
  method: string,
  path: string,
  status: number,
  body: unknown,
  contentType?: string,
): void {
  const checker = checkerOf(openapi)
  const where = `${method.toUpperCase()} ${path} → ${status}`
  const template = operationPath(openapi, method, path)
  const operation = template && openapi.paths[template]?.[method.toLowerCase()]
  if (!operation) throw new Error(`${where}: no such operation in the contract`)
  const documented = operation.responses[String(status)]
  if (!documented) {
    throw new Error(`${where}: documented are ${Object.keys(operation.responses).join(', ')} only`)
  }
  const { content } = resolve(openapi, documented)
  if (!content) {
    if (body !== undefined && body !== null && body !== '')
      throw new Error(`${where}: the contract has no body here`)
    return
  }
  const type = contentType?.split(';', 1)[0]?.trim() ?? Object.keys(content)[0] ?? ''
  const media = content[type]
  if (!media) throw new Error(`${where}: ${type} is not among ${Object.keys(content).join(', ')}`)
  if (!media.schema || !/[/+]json$/.test(type)) return
  const check = compiledSchema(checker, media.schema)
  if (check(body)) return
  const reasons = (check.errors ?? []).map((error) => {
    const member = error.params.additionalProperty ? ` (${error.params.additionalProperty})` : ''
    return `${error.instancePath || 'body'} ${error.message}${member}`
  })
  throw new Error(`${where}: ${[...new Set(reasons)].join('; ')}`)
}

function checkerOf(openapi: OpenApiDocument): Checker {
  let checker = checkers.get(openapi)
  if (!checker) {
    const ajv = new Ajv2020({ allErrors: true, strict: false })
    addFormats.default(ajv)
    ajv.addFormat('binary', true).addFormat('url', true)
    // Once, unchecked: the contract is checked by others, and is longer than all answers to a test
    ajv.addSchema({ $id: CONTRACT, components: openapi.components }, undefined, undefined, false)
    const literalFirst = (a: string, b: string): number => a.split('{').length - b.split('{').length
    const templates = Object.keys(openapi.paths).sort(literalFirst)
    checker = {
      ajv,
      compiled: new Map(),
      templates: templates.map((path) => ({ path, pattern: patternOf(path) })),
    }
    checkers.set(openapi, checker)
  }
  return checker
}

/** The path in the contract, such as `/incidents/{number}`, of the operation that a request is for; undefined: there is none. */
export function operationPath(openapi: OpenApiDocument, method: string, url: string): string | undefined {
  const path = url.split('?', 1)[0] ?? ''
  const name = method.toLowerCase()
  return checkerOf(openapi).templates.find(
    (template) => template.pattern.test(path) && openapi.paths[template.path]?.[name],
  )?.path
}

function resolve<T extends object>(openapi: OpenApiDocument, node: T): T {
  const reference = (node as { $ref?: string }).$ref
  if (reference === undefined) return node
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((found, name) => (found as Record<string, unknown>)[name], openapi) as T
}

function compiledSchema(checker: Checker, schema: object): ValidateFunction {
  const text = JSON.stringify(schema)
  let check = checker.compiled.get(text)
  if (!check) {
    check = checker.ajv.compile(JSON.parse(text.replaceAll('"$ref":"#/', `"$ref":"${CONTRACT}#/`)))
    checker.compiled.set(text, check)
  }
  return check
}
