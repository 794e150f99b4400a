import type { FastifyRequest } from 'fastify'
import { mediaTypesOf, mostWanted } from '#libs/platform'

/** Whether, of the media types that the endpoint answers in, the client wants this one most (RFC 9110, section 12.5.1). */
export function prefers(
  { headers, routeConfig }: Pick<FastifyRequest, 'headers' | 'routeConfig'>,
  mediaType: string,
): boolean {
  const answer = routeConfig?.endpoint?.answer
  return answer !== undefined && mostWanted(Object.keys(mediaTypesOf(answer)), headers.accept) === mediaType
}
