import { buildReadModels } from './build-read-models.js'
import { answer, input } from './programs.js'

/** A program: builds the read models of a data folder where the server will look for them. */
const { dataDir } = input<{ dataDir: string }>()
await answer(await buildReadModels(dataDir))
