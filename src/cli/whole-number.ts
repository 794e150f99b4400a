import { InvalidArgumentError } from 'commander'

/** An option's whole number. @throws InvalidArgumentError when it is none from 0 */
export function wholeNumber(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value
  throw new InvalidArgumentError('Give a whole number from 0.')
}
