import type { FastifyRequest } from 'fastify'
import { qualityNamed } from '#libs/platform'

/**
 * Whether the client asks for this media type by name, and no less than for JSON (RFC 9110, section 12.5.1); a wildcard means
 * the usual JSON.
 */
export function prefers({ headers }: Pick<FastifyRequest, 'headers'>, mediaType: string): boolean {
  const { accept = '' } = headers
  const quality = qualityNamed(mediaType, accept)
  return quality > 0 && quality >= qualityNamed('application/json', accept)
}
