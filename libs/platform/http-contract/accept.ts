import { NotAcceptable } from '../problem-details.js'
import { type Endpoint, mediaTypesHeeded } from './endpoint.js'

/** A media type, a kind of them (`text/*`), or all, in lower case; how much it is wanted, from 0 (not at all) to 1. */
interface MediaRange {
  readonly range: string
  readonly quality: number
}

/** What an `Accept` header asks for (RFC 9110, section 12.5.1), without parameters of media types. */
function mediaRanges(accept: string): MediaRange[] {
  return accept
    .toLowerCase()
    .split(',')
    .map((part) => {
      const [range = '', ...parameters] = part.split(';').map((one) => one.trim())
      const quality = parameters.find((parameter) => parameter.startsWith('q='))
      return { range, quality: quality === undefined ? 1 : Number(quality.slice('q='.length)) || 0 }
    })
}

/** How much a media type is wanted: of the ranges that it is in, the most precise says so. 0: not at all. */
function qualityOf(mediaType: string, ranges: readonly MediaRange[]): number {
  const [kind] = mediaType.split('/')
  for (const name of [mediaType, `${kind}/*`, '*/*']) {
    const found = ranges.find(({ range }) => range === name)
    if (found) return found.quality
  }
  return 0
}

/**
 * Which of these media types is wanted most; undefined: none is. Of those that are wanted alike, one that the header names beside the
 * usual one, which stands first; else the first. No header: the usual one.
 */
export function mostWanted(mediaTypes: readonly string[], accept = ''): string | undefined {
  const [usual] = mediaTypes
  if (accept.trim() === '') return usual
  const ranges = mediaRanges(accept)
  const qualities = mediaTypes.map((mediaType) => qualityOf(mediaType, ranges))
  const best = Math.max(...qualities)
  if (!(best > 0)) return undefined
  const wanted = mediaTypes.filter((_, index) => qualities[index] === best)
  const named = (mediaType: string) => ranges.some(({ range }) => range === mediaType)
  return wanted.find((mediaType) => mediaType !== usual && named(mediaType)) ?? wanted[0]
}

/** @throws NotAcceptable that says what the endpoint answers in */
export function requireAcceptable(endpoint: Endpoint, method: string, accept: string | undefined): void {
  const mediaTypes = mediaTypesHeeded(endpoint, method)
  if (mediaTypes === undefined || mostWanted(mediaTypes, accept) !== undefined) return
  throw new NotAcceptable(
    'REQUEST.NOT_ACCEPTABLE',
    `This is answered as ${mediaTypes.join(' or ')}: ask for that, or leave out Accept.`,
    { mediaTypes },
  )
}
