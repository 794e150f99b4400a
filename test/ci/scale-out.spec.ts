import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ROOT = resolve(__dirname, '../..')

interface Lists {
  IN_SCALE_OUT: Record<string, string>
  STOOD_FOR: Record<string, { by: string; in: string }>
  EMBEDDED_ONLY: Record<string, string>
}

/** The lists, as the run reads them. */
function lists(): Lists {
  const script = `import('./.ci/scale-out.mjs').then((lists) => console.log(JSON.stringify(lists)))`
  return JSON.parse(execFileSync(process.execPath, ['-e', script], { cwd: ROOT, encoding: 'utf8' }))
}

const decided = ({ IN_SCALE_OUT, STOOD_FOR, EMBEDDED_ONLY }: Lists) =>
  [IN_SCALE_OUT, STOOD_FOR, EMBEDDED_ONLY].flatMap((list) => Object.keys(list))

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
    expect(undecided(specs(), decided(lists()))).toEqual([])
    expect(decided(lists()).sort()).toEqual(specs().sort())
  })

  it('would be missed for a test that is new (counter-proof)', () => {
    expect(undecided(['test/e2e/new.spec.ts', ...specs()], decided(lists()))).toEqual([
      'test/e2e/new.spec.ts',
    ])
  })

  const standIns = (stoodFor: Lists['STOOD_FOR']) => Object.values(stoodFor).map(({ by }) => by)

  it('stands for no other unless it is repeated itself', () => {
    const { IN_SCALE_OUT, STOOD_FOR } = lists()
    expect(undecided(standIns(STOOD_FOR), Object.keys(IN_SCALE_OUT))).toEqual([])
    const left = Object.keys(STOOD_FOR)[0]!
    expect(undecided(standIns({ new: { by: left, in: '' } }), Object.keys(IN_SCALE_OUT))).toEqual([left])
  })

  it('is what the list prints', () => {
    const printed = execFileSync(process.execPath, [join(ROOT, '.ci/scale-out.mjs')], { encoding: 'utf8' })
    expect(printed.trim().split('\n')).toEqual(Object.keys(lists().IN_SCALE_OUT))
  })
})
