import type { ViewTransaction } from '#libs/projections-runtime'
import { countWords, WORDS, type WordCount } from './word-counts.js'

/** After so many incidents with one word: its count, and how often that was written. */
function counted(incidents: number): { count: number; writes: number } {
  let known: object | undefined
  let writes = 0
  const view: ViewTransaction = {
    get: <Document extends object>(collection: string) =>
      (collection === WORDS ? known : undefined) as Document | undefined,
    getMany: () => [],
    want: () => undefined,
    put: (_collection, _id, document) => {
      known = document
      writes++
    },
    delete: () => undefined,
    ahead: () => undefined,
  }
  for (let n = 0; n < incidents; n++)
    countWords(view, ['printer'], 1, `INC${String(5_000_000 + n).padStart(7, '0')}`)
  return { count: (known as WordCount).count, writes }
}

describe('how many incidents have a word', () => {
  it('is exact as long as they are few', () => {
    expect(counted(256)).toEqual({ count: 256, writes: 256 })
  })

  it.each([1_000, 4_000, 20_000])('is close at %i, by few writes', (incidents) => {
    const { count, writes } = counted(incidents)
    expect(Math.abs(Math.log2(count / incidents))).toBeLessThan(0.3)
    expect(writes).toBeLessThan(256 + incidents / 12)
    expect(writes).toBeGreaterThan(256)
  })
})
