import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { RowIdentity, SeenHashes } from './row-identity.js'

const header = ['number', 'state', 'closed']
const identity = () => new RowIdentity({ backFilled: ['closed'] }, header)

describe('a row', () => {
  it('is the same whatever the order of its columns', () => {
    const other = new RowIdentity({ backFilled: ['closed'] }, ['closed', 'state', 'number'])
    expect(other.of(['x', 'New', 'INC1'])).toEqual(identity().of(['INC1', 'New', 'x']))
  })

  it('is the same when the source fills in what it writes later', () => {
    expect(identity().of(['INC1', 'New', '?'])).toEqual(identity().of(['INC1', 'New', 'yesterday']))
  })

  it('is another when one of its other columns is, or its name', () => {
    const { hash } = identity().of(['INC1', 'New', '?'])
    expect(identity().of(['INC1', 'Old', '?']).hash).not.toBe(hash)
    expect(identity().of(['INC1N', 'ew', '?']).hash).not.toBe(hash)
    const renamed = new RowIdentity({ backFilled: ['closed'] }, ['number', 'phase', 'closed'])
    expect(renamed.of(['INC1', 'New', '?']).hash).not.toBe(hash)
  })

  it('is told from its equals by how many stand before it', () => {
    const rows = identity()
    const ordinals = ['New', 'New', 'Old', 'New'].map((state) => rows.of(['INC1', state, '?']).ordinal)
    expect(ordinals).toEqual([0, 1, 0, 2])
  })
})

describe('seen hashes', () => {
  const hash = (n: number) => createHash('sha256').update(String(n)).digest('hex')

  it('are counted as a map would count them', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 400 }), (numbers) => {
        const seen = new SeenHashes()
        const model = new Map<number, number>()
        for (const n of numbers) {
          expect(seen.has(hash(n))).toBe(model.has(n))
          expect(seen.add(hash(n))).toBe(model.get(n) ?? 0)
          model.set(n, (model.get(n) ?? 0) + 1)
        }
      }),
    )
  })

  it('are remembered while the table grows', () => {
    const seen = new SeenHashes()
    for (let n = 0; n < 20_000; n++) expect(seen.add(hash(n))).toBe(0)
    for (let n = 0; n < 20_000; n++) expect(seen.add(hash(n))).toBe(1)
    expect(seen.has(hash(20_000))).toBe(false)
  })

  it('that begin alike are told apart', () => {
    const seen = new SeenHashes()
    seen.add(`${'0'.repeat(15)}1`)
    expect(seen.has(`${'0'.repeat(15)}2`)).toBe(false)
    expect(seen.has(`1${'0'.repeat(14)}1`)).toBe(false)
  })
})
