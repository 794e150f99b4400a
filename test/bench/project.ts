import { beginOthersAtTheEnd, buildReadModels } from './build-read-models.js'
import { answer, input } from './programs.js'

/** A program: builds read models of a data folder where the server will look for them; where some are named, these alone. */
export interface ProjectionWanted {
  dataDir: string
  readModels?: readonly string[]
}

const { dataDir, readModels } = input<ProjectionWanted>()
const taken = await buildReadModels(dataDir, readModels)
if (readModels) await beginOthersAtTheEnd(dataDir)
await answer(taken)
