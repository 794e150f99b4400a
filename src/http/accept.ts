import type { FastifyRequest } from 'fastify'

/** Whether the client asks for this media type by name; a wildcard means the usual JSON. */
export function prefers({ headers }: FastifyRequest, mediaType: string): boolean {
  return (headers.accept ?? '')
    .split(',')
    .some((range) => range.split(';')[0]?.trim().toLowerCase() === mediaType)
}
