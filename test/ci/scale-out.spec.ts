import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ROOT = resolve(__dirname, '../..')

/** Both lists, as the run reads them. */
function lists(): { repeated: string[]; embedded: string[] } {
  const script = `import('./.ci/scale-out.mjs').then((m) => console.log(JSON.stringify([m.IN_SCALE_OUT, m.EMBEDDED_ONLY])))`
  const text = execFileSync(process.execPath, ['-e', script], { cwd: ROOT, encoding: 'utf8' })
  const [repeated, embedded] = (JSON.parse(text) as object[]).map((list) => Object.keys(list))
  return { repeated: repeated!, embedded: embedded! }
}

function specs(): string[] {
  return ['test/e2e', 'test/figures'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.spec.ts'))
      .map((name) => `${folder}/${name}`),
  )
}

describe('What a run repeats in scale-out', () => {
  const undecided = (all: readonly string[], listed: readonly string[]) =>
    all.filter((path) => !listed.includes(path))

  it('is decided for every end-to-end test and every test of figures, once', () => {
    const { repeated, embedded } = lists()
    expect(undecided(specs(), [...repeated, ...embedded])).toEqual([])
    expect([...repeated, ...embedded].sort()).toEqual(specs().sort())
  })

  it('would be missed for a test that is new (counter-proof)', () => {
    const { repeated, embedded } = lists()
    expect(undecided(['test/e2e/new.spec.ts', ...repeated], [...repeated, ...embedded])).toEqual([
      'test/e2e/new.spec.ts',
    ])
  })

  it('is what the list prints', () => {
    const printed = execFileSync(process.execPath, [join(ROOT, '.ci/scale-out.mjs')], { encoding: 'utf8' })
    expect(printed.trim().split('\n')).toEqual(lists().repeated)
  })
})
