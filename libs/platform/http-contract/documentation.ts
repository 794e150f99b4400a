import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { endpointOf } from './endpoint.js'
import type { OpenApiDocument } from './openapi.js'

/** Swagger UI's own files; served from here, so that the page loads nothing from elsewhere. */
const ASSETS: Record<string, string> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
}

/**
 * Serves `/openapi.json` and, at `/docs`, a page to read and try it. Call before the application listens.
 * @param document called on first use, when all routes are known
 */
export function serveDocumentation(fastify: FastifyInstance, document: () => OpenApiDocument): void {
  let text: string | undefined
  const endpoint = endpointOf(
    { summary: 'This document', roles: 'public', tag: 'operation', answer: { type: 'object' } },
    'openApiDocument',
  )
  fastify.get('/openapi.json', { config: { endpoint } }, (_request, reply) => {
    text ??= JSON.stringify(document())
    reply.type('application/json; charset=utf-8').send(text)
  })
  const hidden = endpointOf({ summary: 'Documentation', roles: 'public', hidden: true }, 'documentation')
  const serve = (path: string, type: string, content: () => unknown): void => {
    fastify.get(path, { config: { endpoint: hidden } }, (_request, reply) => {
      reply.type(type).send(content())
    })
  }
  fastify.get('/docs', { config: { endpoint: hidden } }, (_request, reply) => {
    reply.redirect('/docs/')
  })
  serve('/docs/', 'text/html; charset=utf-8', () => PAGE)
  serve('/docs/start.js', 'text/javascript; charset=utf-8', () => START)
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  for (const [file, type] of Object.entries(ASSETS)) {
    serve(`/docs/${file}`, type, () => createReadStream(join(folder, file)))
  }
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Ledgerdesk API</title>
<link rel="stylesheet" href="swagger-ui.css">
<div id="page"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="start.js"></script>
</html>
`

const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#page', deepLinking: true, persistAuthorization: true })
`
