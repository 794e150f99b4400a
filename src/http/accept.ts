import type { FastifyRequest } from 'fastify'

/**
 * Whether the client asks for this media type by name, and no less than for JSON (RFC 9110, section 12.5.1); a wildcard means
 * the usual JSON.
 */
export function prefers({ headers }: Pick<FastifyRequest, 'headers'>, mediaType: string): boolean {
  const { accept = '' } = headers
  const quality = qualityOf(mediaType, accept)
  return quality > 0 && quality >= qualityOf('application/json', accept)
}

/** From 0 to 1; 0: it is not named, or not wanted. */
function qualityOf(mediaType: string, accept: string): number {
  for (const range of accept.toLowerCase().split(',')) {
    const [name, ...parameters] = range.split(';').map((part) => part.trim())
    if (name !== mediaType) continue
    const quality = parameters.find((parameter) => parameter.startsWith('q='))
    return quality === undefined ? 1 : Number(quality.slice('q='.length)) || 0
  }
  return 0
}
