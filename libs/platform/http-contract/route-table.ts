import type { Endpoint } from './endpoint.js'

export interface Route {
  readonly method: string
  /** Fastify's template: `/incidents/:number/assign`. */
  readonly path: string
  /** Absent for a route that nobody declared; such a route is refused. */
  readonly endpoint: Endpoint | undefined
}

/** All routes of the server, filled by Fastify while they are registered. */
export class RouteTable {
  readonly #routes: { method: string; path: string; config: () => Endpoint | undefined; pattern: RegExp }[] =
    []

  /** @param config read late: plugins may still add the endpoint after the route is seen here */
  add(methods: string | readonly string[], path: string, config: () => Endpoint | undefined): void {
    for (const method of typeof methods === 'string' ? [methods] : methods) {
      this.#routes.push({ method, path, config, pattern: patternOf(path) })
    }
  }

  /** Routes without the HEAD routes that Fastify adds to each GET. */
  all(): Route[] {
    return this.#routes
      .filter(({ method }) => method !== 'HEAD')
      .map(({ method, path, config }) => ({ method, path, endpoint: config() }))
  }

  /** Methods that a URL knows; none when there is no such path. */
  methodsOf(url: string): string[] {
    const path = url.split('?', 1)[0] ?? ''
    const methods = this.#routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)
    return [...new Set(methods)].sort()
  }
}

/** A template as a pattern for whole paths. */
export function patternOf(template: string): RegExp {
  const parts = template.split(/(:\w+|\{\w+\}|\*)/).map((part) => {
    if (/^(:\w+|\{\w+\})$/.test(part)) return '[^/]+'
    return part === '*' ? '.*' : part.replaceAll(/[.+?^$()[\]{}|\\]/g, '\\$&')
  })
  return new RegExp(`^${parts.join('')}$`)
}
