// `npm run bench`: compiles this project into a folder of its own, so that nothing changes under a run, and starts it. Another program
// than `bench` of this folder is named before its options.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(fileURLToPath(import.meta.url), '../../..')
const build = join(root, '.tmp/bench/build')
mkdirSync(build, { recursive: true })
rmSync(join(build, 'dist'), { recursive: true, force: true })
cpSync(join(root, 'package.json'), join(build, 'package.json'))
if (!existsSync(join(build, 'node_modules')))
  symlinkSync(join(root, 'node_modules'), join(build, 'node_modules'))

const swc = join(root, 'node_modules/@swc/cli/bin/swc.js')
const sources = ['src', 'libs', 'projections', 'test/bench']
const options = [
  '--quiet',
  '--config-file',
  '.swcrc',
  '--out-dir',
  join(build, 'dist'),
  '--ignore',
  '**/*.spec.ts',
]
execFileSync(process.execPath, [swc, ...sources, ...options], { cwd: root, stdio: 'inherit' })

const [first = '', ...others] = process.argv.slice(2)
const isNamed = first !== '' && !first.startsWith('-')
const program = isNamed ? first : 'bench'
const { status } = spawnSync(
  process.execPath,
  [
    '--enable-source-maps',
    join(build, `dist/test/bench/${program}.js`),
    ...(isNamed ? others : process.argv.slice(2)),
  ],
  { cwd: root, stdio: 'inherit' },
)
process.exit(status ?? 1)
