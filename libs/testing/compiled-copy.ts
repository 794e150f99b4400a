import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Sources compiled for child processes. */
export interface CompiledCopy {
  /** Path of a compiled source file, for instance `libs/testing/append-load.ts`. */
  program(source: string): string
  dispose(): void
}

/** What a build compiles, so that `dist` holds it. */
const BUILT = ['src', 'libs', 'projections']
const root = resolve(__dirname, '../..')

/**
 * Compiles folders or files of this project into a folder of their own, where `#libs/*` resolves among them, so that a
 * test's child processes run the sources as they are now and not what `dist` held at the last build. Whoever has just built
 * says so by `DIST_IS_FRESH=1`, and nothing is compiled again.
 */
export function compiledCopy(...sources: string[]): CompiledCopy {
  const built = sources.every((source) => BUILT.includes(source))
  if (built && process.env.DIST_IS_FRESH === '1') return { program: programIn(root), dispose() {} }
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ledgerdesk-compiled-')))
  copyFileSync(join(root, 'package.json'), join(folder, 'package.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  const swc = [join(root, 'node_modules/@swc/cli/bin/swc.js'), ...sources, '--quiet']
  const options = [
    '--config-file',
    '.swcrc',
    '--out-dir',
    join(folder, 'dist'),
    '--copy-files',
    '--ignore',
    '**/*.spec.ts',
  ]
  execFileSync(process.execPath, [...swc, ...options], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  // Else each of the whole program's many starts would take twice as long
  if (built && sources.length === BUILT.length)
    execFileSync(process.execPath, [join(root, 'build/bundle.mjs'), folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  return { program: programIn(folder), dispose: () => rmSync(folder, { recursive: true, force: true }) }
}

function programIn(folder: string): CompiledCopy['program'] {
  return (source) => join(folder, 'dist', source.replace(/\.ts$/, '.js'))
}

/** The program `append-load.ts`, among the libraries it imports from. */
export function compiledAppendLoad(): { program: string; dispose(): void } {
  const { program, dispose } = compiledCopy('libs')
  return { program: program('libs/testing/append-load.ts'), dispose }
}
