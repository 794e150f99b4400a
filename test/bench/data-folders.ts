import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { cmdbHistory } from '#projections/cmdb-history/cmdb-history'
import { projectionRegistry } from '#projections/registry'
import type { Generated, Wanted } from './generate.js'
import type { Estate, EstateWanted } from './generate-estate.js'
import { runProgram } from './programs.js'
import type { ProjectionWanted } from './project.js'

const ROOT = resolve('.tmp/bench/data')
/** A new number when what is generated changes: older folders are made anew. */
const FORMAT = 1

/** A folder with a generated log, from an earlier run or made now. Measure in a {@link copyOf} it when it must not change. */
export function generatedLog(incidents: number, seed: number): Promise<Generated> {
  return made<Generated, Wanted>('generate', { dataDir: folder(seed, incidents), incidents, seed })
}

function folder(...named: (string | number)[]): string {
  return join(ROOT, [FORMAT, ...named].join('-'))
}

async function made<Made extends Given, Given extends { dataDir: string }>(
  program: string,
  wanted: Given,
): Promise<Made> {
  const { dataDir } = wanted
  const note = join(dataDir, 'generated.json')
  if (existsSync(note)) return { ...(JSON.parse(readFileSync(note, 'utf8')) as Made), dataDir }
  console.error(`${program} into ${dataDir}`)
  rmSync(dataDir, { recursive: true, force: true })
  mkdirSync(dataDir, { recursive: true })
  const made = await runProgram<Made>(program, wanted)
  writeFileSync(note, JSON.stringify(made))
  return made
}

/** Of all read models in their versions: what was built of others is built anew. */
const READ_MODELS = createHash('sha256')
  .update(projectionRegistry.map(({ name, version }) => `${name}-v${version}`).join())
  .digest('hex')
  .slice(0, 12)

/** The same with its read models built. */
export async function projectedLog(incidents: number, seed: number): Promise<Generated> {
  return projected(await generatedLog(incidents, seed))
}

/** A folder with the history of configuration items, and its read models. */
export async function projectedEstate(items: number, versions: number, seed: number): Promise<Estate> {
  return projected(await generatedEstate(items, versions, seed))
}

/** The same where nothing is asked but what stands in the configuration's view: all other read models begin at the end of the log. */
export async function viewedEstate(items: number, versions: number, seed: number): Promise<Estate> {
  const { name, version } = cmdbHistory
  const readModels = [name]
  return projected(await generatedEstate(items, versions, seed), { readModels }, `${name}-v${version}`)
}

function generatedEstate(items: number, versions: number, seed: number): Promise<Estate> {
  const dataDir = folder('estate', seed, items, versions)
  return made<Estate, EstateWanted>('generate-estate', { dataDir, items, versions, seed })
}

async function projected<Made extends { dataDir: string }>(
  generated: Made,
  which: Pick<ProjectionWanted, 'readModels'> = {},
  called = READ_MODELS,
): Promise<Made> {
  const note = join(generated.dataDir, `projected-${called}.json`)
  if (existsSync(note)) return generated
  console.error(`building the read models of ${generated.dataDir}`)
  for (const name of readdirSync(generated.dataDir))
    if (name === 'read-models' || name.startsWith('projected-'))
      rmSync(join(generated.dataDir, name), { recursive: true, force: true })
  await runProgram('project', { ...which, dataDir: generated.dataDir } satisfies ProjectionWanted)
  writeFileSync(note, '{}')
  return generated
}

/** A copy to write to; the one before under this name is gone. */
export function copyOf<Made extends { dataDir: string }>(generated: Made, name: string): Made {
  const dataDir = join(ROOT, 'copies', name)
  rmSync(dataDir, { recursive: true, force: true })
  cpSync(generated.dataDir, dataDir, { recursive: true })
  return { ...generated, dataDir }
}

export function removeCopies(): void {
  rmSync(join(ROOT, 'copies'), { recursive: true, force: true })
}
