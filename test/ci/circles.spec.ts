import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'

const ROOT = resolve(__dirname, '../..')

/** Groups of files, of those that import each other as told: `{ a: ['b'] }`. */
function circles(imports: Record<string, readonly string[]>, format = 'esm'): string[][] {
  const inputs = Object.fromEntries(
    Object.entries(imports).map(([path, targets]) => [
      path,
      { format, imports: targets.map((target) => ({ path: target, kind: 'import-statement' })) },
    ]),
  )
  const script = `import('./build/circles.mjs').then((m) => console.log(JSON.stringify(m.circles(${JSON.stringify(inputs)}))))`
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: ROOT, encoding: 'utf8' }))
}

describe('Circles of imports, in which files would run in an order of their own', () => {
  it('are found, however long', () => {
    expect(circles({ a: ['b', 'd'], b: ['c'], c: ['a'], d: ['c'], e: ['a', 'f'], f: ['e'] })).toEqual([
      ['a', 'b', 'c', 'd'],
      ['e', 'f'],
    ])
  })

  it('are not seen where there are none: two ways to one file, and files that lead to a circle', () => {
    expect(circles({ a: ['b', 'c'], b: ['d'], c: ['d', 'elsewhere'], d: [] })).toEqual([])
    expect(circles({ a: ['b'], b: ['c'], c: ['b'] })).toEqual([['b', 'c']])
  })

  it('do no harm among files of the older kind, which run when they are asked for', () => {
    expect(circles({ a: ['b'], b: ['a'] }, 'cjs')).toEqual([])
  })
})
