import { isAttached, requireContentHash } from './record-files.js'

const HASH = 'a'.repeat(64)

it('a file is attached by its content and its name', () => {
  const files = [{ hash: HASH, name: 'a.txt' }]
  expect(isAttached(files, { hash: HASH, name: 'a.txt' })).toBe(true)
  expect(isAttached(files, { hash: HASH, name: 'b.txt' })).toBe(false)
  expect(isAttached(files, { hash: 'b'.repeat(64), name: 'a.txt' })).toBe(false)
})

it('content is named by 64 lower-case hex digits', () => {
  expect(() => requireContentHash(HASH, 'X.HASH_MALFORMED')).not.toThrow()
  for (const hash of ['', 'a'.repeat(63), 'A'.repeat(64), `${HASH}a`, `${HASH}\n`])
    expect(() => requireContentHash(hash, 'X.HASH_MALFORMED')).toThrow(
      expect.objectContaining({ code: 'X.HASH_MALFORMED' }),
    )
})
