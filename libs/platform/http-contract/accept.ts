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

/** How much a media type is wanted that the header names itself, from 0 to 1; 0: it is not named, or not wanted. */
export function qualityNamed(mediaType: string, accept: string): number {
  return mediaRanges(accept).find(({ range }) => range === mediaType)?.quality ?? 0
}

/** Whether one of these media types is wanted: of the ranges that one is in, the most precise says so. No header: all are. */
export function isAcceptable(mediaTypes: readonly string[], accept = ''): boolean {
  if (accept.trim() === '') return true
  const ranges = mediaRanges(accept)
  return mediaTypes.some((mediaType) => {
    const [kind] = mediaType.split('/')
    const precise = [mediaType, `${kind}/*`, '*/*'].flatMap((name) =>
      ranges.filter(({ range }) => range === name),
    )
    return (precise[0]?.quality ?? 0) > 0
  })
}

/** @throws NotAcceptable that says what the endpoint answers in */
export function requireAcceptable(endpoint: Endpoint, method: string, accept: string | undefined): void {
  const mediaTypes = mediaTypesHeeded(endpoint, method)
  if (mediaTypes === undefined || isAcceptable(mediaTypes, accept)) return
  throw new NotAcceptable(
    'REQUEST.NOT_ACCEPTABLE',
    `This is answered as ${mediaTypes.join(' or ')}: ask for that, or leave out Accept.`,
    { mediaTypes },
  )
}
