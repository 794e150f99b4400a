import { InvalidArgumentError } from 'commander'

/** An option's seconds, with fractions. @throws InvalidArgumentError when it is no number from 0 */
export function seconds(text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value
  throw new InvalidArgumentError('Give a number of seconds from 0.')
}
