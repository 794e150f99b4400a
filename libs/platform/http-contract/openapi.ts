import { PROBLEM_MEDIA_TYPE, PROBLEM_SCHEMA } from '../problem-details.js'
import {
  componentSchemas,
  type DtoClass,
  dtoSchema,
  type JsonSchema,
  referenceTo,
} from '../validation/index.js'
import {
  bodyClass,
  type Content,
  type Endpoint,
  mediaTypesOf,
  type RequestHeader,
  type ResponseHeader,
  statusesOf,
} from './endpoint.js'
import type { Route, RouteTable } from './route-table.js'

export interface ApiDescription {
  title: string
  version: string
  description?: string
  license?: { name: string; identifier?: string; url?: string }
  servers?: readonly { url: string; description?: string }[]
  /** Tag → description; tags in use that are missing here get none. */
  tags?: Readonly<Record<string, string>>
}

/** An OpenAPI 3.1 document, as far as this module looks into it. */
export interface OpenApiDocument {
  openapi: string
  paths: Record<string, Record<string, OpenApiOperation>>
  components: { schemas: Record<string, JsonSchema>; [kind: string]: unknown }
  [member: string]: unknown
}

export interface OpenApiOperation {
  operationId: string
  responses: Record<string, { content?: Record<string, { schema?: JsonSchema }>; [member: string]: unknown }>
  [member: string]: unknown
}

/**
 * The OpenAPI 3.1 document of all declared endpoints.
 * @throws Error naming a route that nobody declared, or an operationId used twice
 */
export function buildOpenApi(routes: RouteTable, api: ApiDescription): OpenApiDocument {
  const declared = routes
    .all()
    .map(declaredRoute)
    .filter(({ endpoint }) => !endpoint.hidden)
  const paths: OpenApiDocument['paths'] = {}
  const operationIds = new Set<string>()
  const classes = new Set<DtoClass>()
  for (const route of declared) {
    const { operationId } = route.endpoint
    if (operationIds.has(operationId)) throw new Error(`Two endpoints have the operationId ${operationId}`)
    operationIds.add(operationId)
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] ??= {}
    paths[path][route.method.toLowerCase()] = operationOf(route, classes)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: api.title,
      version: api.version,
      ...(api.description ? { description: api.description } : {}),
      ...(api.license ? { license: api.license } : {}),
    },
    servers: api.servers ?? [{ url: '/' }],
    security: [{ bearer: [] }],
    tags: tagsOf(declared, api),
    paths: sorted(paths),
    components: {
      schemas: { ...componentSchemas(classes), ProblemDetails: structuredClone(PROBLEM_SCHEMA) as never },
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API token (`ldk_…`) or a JWT of the identity provider.',
        },
      },
      headers: used('headers', RESPONSE_HEADERS, [paths, PROBLEM_RESPONSE]),
      parameters: used('parameters', REQUEST_HEADERS, [paths]),
      responses: { Problem: PROBLEM_RESPONSE },
    },
  }
}

interface DeclaredRoute extends Route {
  readonly endpoint: Endpoint
}

function declaredRoute(route: Route): DeclaredRoute {
  if (!route.endpoint) throw new Error(`${route.method} ${route.path} has no @Endpoint()`)
  return route as DeclaredRoute
}

function operationOf(route: DeclaredRoute, classes: Set<DtoClass>): OpenApiOperation {
  const { endpoint, path, method } = route
  const statuses = statusesOf(endpoint, method, path)
  const roles = typeof endpoint.roles === 'string' ? undefined : `Roles: ${endpoint.roles.join(', ')}.`
  const description = [endpoint.description, roles].filter(Boolean).join('\n\n')
  return {
    operationId: endpoint.operationId,
    summary: endpoint.summary,
    ...(description ? { description } : {}),
    tags: [tagOf(route)],
    ...(endpoint.roles === 'public' ? { security: [] } : {}),
    parameters: [
      ...pathParameters(endpoint, path),
      ...(endpoint.query ? parametersOf(endpoint.query, 'query') : []),
      ...['X-Request-Id', ...(endpoint.requestHeaders ?? [])].map((name) => ({
        $ref: `#/components/parameters/${name}`,
      })),
    ],
    ...requestBodyOf(endpoint, classes),
    responses: Object.fromEntries(
      statuses.map((status) => [String(status), responseOf(endpoint, status, classes)]),
    ),
  }
}

function pathParameters(endpoint: Endpoint, path: string): JsonSchema[] {
  if (endpoint.params) return parametersOf(endpoint.params, 'path')
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', minLength: 1 },
  }))
}

function parametersOf(dto: DtoClass, place: 'query' | 'path'): JsonSchema[] {
  const { properties, required } = dtoSchema(dto).published as {
    properties: Record<string, JsonSchema>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || (required?.includes(name) ?? false),
    ...(description ? { description } : {}),
    ...(schema.type === 'array' ? { style: 'form', explode: true } : {}),
    schema,
  }))
}

function requestBodyOf(endpoint: Endpoint, classes: Set<DtoClass>): { requestBody?: JsonSchema } {
  if (endpoint.body === undefined) return {}
  const dto = bodyClass(endpoint)
  const required = dto ? ((dtoSchema(dto).published.required as string[] | undefined)?.length ?? 0) > 0 : true
  return { requestBody: { required, content: contentOf(endpoint.body, classes) } }
}

function responseOf(
  endpoint: Endpoint,
  status: number,
  classes: Set<DtoClass>,
): OpenApiOperation['responses'][string] {
  if (status >= 400 && !endpoint.answersAt?.includes(status))
    return { $ref: '#/components/responses/Problem' }
  const names = ['X-Request-Id', ...(endpoint.responseHeaders ?? [])]
  const headers = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
  if (status === 304) return { description: 'Not modified: the caller holds the current state.', headers }
  const description = status === 201 ? 'Created.' : status >= 400 ? 'Not well.' : 'Done.'
  return {
    description,
    headers,
    ...(endpoint.answer === undefined ? {} : { content: contentOf(endpoint.answer, classes) }),
  }
}

function contentOf(
  content: Parameters<typeof mediaTypesOf>[0],
  classes: Set<DtoClass>,
): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(mediaTypesOf(content)).map(([type, member]) => [
      type,
      { schema: schemaOf(member, classes) },
    ]),
  )
}

function schemaOf(content: Content, classes: Set<DtoClass>): JsonSchema {
  if (content === 'text') return { type: 'string' }
  if (content === 'binary') return { type: 'string', format: 'binary' }
  if (typeof content === 'function') {
    classes.add(content)
    return referenceTo(content)
  }
  if (Array.isArray(content)) return { type: 'array', items: schemaOf(content[0] as DtoClass, classes) }
  return content as JsonSchema
}

/** The components that something refers to. */
function used(
  kind: string,
  components: Record<string, JsonSchema>,
  where: unknown[],
): Record<string, JsonSchema> {
  const text = JSON.stringify(where)
  return Object.fromEntries(
    Object.entries(components).filter(([name]) => text.includes(`"#/components/${kind}/${name}"`)),
  )
}

/** By path, so that the document does not depend on the order of modules. */
function sorted<T>(members: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(members).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function tagOf(route: DeclaredRoute): string {
  return route.endpoint.tag ?? (route.path.split('/')[1] || 'root')
}

function tagsOf(routes: DeclaredRoute[], api: ApiDescription): { name: string; description?: string }[] {
  const names = [...new Set(routes.map(tagOf))].sort()
  const described: Readonly<Record<string, string>> = {
    operation: 'Health, metrics and this document.',
    ...api.tags,
  }
  return names.map((name) => ({ name, ...(described[name] ? { description: described[name] } : {}) }))
}

const REQUEST_HEADERS: Record<RequestHeader | 'X-Request-Id', JsonSchema> = {
  'X-Request-Id': {
    name: 'X-Request-Id',
    in: 'header',
    description: 'Correlation id; comes back in the answer and stands in the events. Default: a new UUID.',
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,128}$' },
  },
  'Idempotency-Key': {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'The same key with the same request has one effect and one answer, for ever.',
    schema: { type: 'string', pattern: '^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,255}$' },
    example: '8e03978e-40d5-43dd-bc93-6894a57f9324',
  },
  'If-Match': {
    name: 'If-Match',
    in: 'header',
    description:
      'The revision that the decision rests on, as an ETag gave it; 412 when it is no longer the current one. "-1": nothing has been written yet, such as a setting that was never published.',
    schema: { type: 'string', pattern: '^("(-1|0|[1-9][0-9]{0,14})"|\\*)$' },
    example: '"3"',
  },
  'If-None-Match': {
    name: 'If-None-Match',
    in: 'header',
    description: 'Answer 304 when the state still has this ETag.',
    schema: {
      type: 'string',
      pattern: '^((W/)?"[\\x21\\x23-\\x2b\\x2d-\\x7e]*"( *, *(W/)?"[\\x21\\x23-\\x2b\\x2d-\\x7e]*")*|\\*)$',
    },
    example: '"3"',
  },
  'Last-Event-ID': {
    name: 'Last-Event-ID',
    in: 'header',
    description: 'Server-sent events: the `id` that came last; the stream goes on from there.',
    schema: { type: 'string', pattern: '^[0-9]{20}$' },
    example: '00000000000000000042',
  },
}

const RESPONSE_HEADERS: Record<
  ResponseHeader | 'X-Request-Id' | 'Retry-After' | 'WWW-Authenticate',
  JsonSchema
> = {
  'X-Request-Id': { description: 'As sent, or a new UUID.', schema: { type: 'string' } },
  ETag: {
    description: 'The record’s revision, for `If-Match`.',
    schema: { type: 'string', pattern: '^"[^"]*"$' },
  },
  Location: { description: 'Where the new record is.', schema: { type: 'string' } },
  'ITSM-Position': {
    description: 'Place in the log; give it as `minPosition` to read at least this state.',
    schema: { type: 'string', pattern: '^[0-9]{20}$' },
  },
  Link: { description: 'Related pages (RFC 8288).', schema: { type: 'string' } },
  'Content-Disposition': { description: 'File name (RFC 6266).', schema: { type: 'string' } },
  'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
  'WWW-Authenticate': { description: 'How to prove identity (RFC 6750).', schema: { type: 'string' } },
}

const PROBLEM_RESPONSE: JsonSchema = {
  description: 'What went wrong, and how to mend it (RFC 9457).',
  headers: {
    'X-Request-Id': { $ref: '#/components/headers/X-Request-Id' },
    'Retry-After': { $ref: '#/components/headers/Retry-After' },
    'WWW-Authenticate': { $ref: '#/components/headers/WWW-Authenticate' },
  },
  content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/ProblemDetails' } } },
}
