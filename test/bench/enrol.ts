import pino from 'pino'
import type { StoreSettings } from '../../src/runtime/stores.js'
import { openWriteSide } from '../../src/runtime/write-side.js'
import { enrol } from './people.js'
import { answer, input } from './programs.js'

/** A program: registers who works in a bench, in a log of either shape. */
const write = await openWriteSide(input<StoreSettings>(), pino({ level: 'silent' }))
const tokens = await enrol(write)
await write.close()
await answer(tokens)
