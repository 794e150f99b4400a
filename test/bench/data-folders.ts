import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Generated, Wanted } from './generate.js'
import { runProgram } from './programs.js'

const ROOT = resolve('.tmp/bench/data')
/** A new number when what is generated changes: older folders are made anew. */
const FORMAT = 1

/** A folder with a generated log, from an earlier run or made now. Measure in a {@link copyOf} it when it must not change. */
export async function generatedLog(incidents: number, seed: number): Promise<Generated> {
  const dataDir = join(ROOT, `${FORMAT}-${seed}-${incidents}`)
  const note = join(dataDir, 'generated.json')
  if (existsSync(note)) return JSON.parse(readFileSync(note, 'utf8')) as Generated
  console.error(`generating ${incidents} incidents`)
  rmSync(dataDir, { recursive: true, force: true })
  mkdirSync(dataDir, { recursive: true })
  const generated = await runProgram<Generated>('generate', { dataDir, incidents, seed } satisfies Wanted)
  writeFileSync(note, JSON.stringify(generated))
  return generated
}

/** Rises when read models are added or changed: what was built before is built anew. */
const READ_MODELS = 2

/** The same with its read models built. */
export async function projectedLog(incidents: number, seed: number): Promise<Generated> {
  const generated = await generatedLog(incidents, seed)
  const note = join(generated.dataDir, `projected-${READ_MODELS}.json`)
  if (existsSync(note)) return generated
  console.error(`building the read models of ${incidents} incidents`)
  rmSync(join(generated.dataDir, 'read-models'), { recursive: true, force: true })
  await runProgram('project', { dataDir: generated.dataDir })
  writeFileSync(note, '{}')
  return generated
}

/** A copy to write to; the one before under this name is gone. */
export function copyOf(generated: Generated, name: string): Generated {
  const dataDir = join(ROOT, 'copies', name)
  rmSync(dataDir, { recursive: true, force: true })
  cpSync(generated.dataDir, dataDir, { recursive: true })
  return { ...generated, dataDir }
}

export function removeCopies(): void {
  rmSync(join(ROOT, 'copies'), { recursive: true, force: true })
}
