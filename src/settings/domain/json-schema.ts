import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { backtrackingRisk } from './backtracking.js'

/**
 * Compiles a schema as strictly as its author needs it. A new Ajv for each: it would keep every schema for ever, and
 * refuse a second one with the same `$id`.
 * @throws Error that says what is wrong with it
 */
export function compileSchema(schema: Record<string, unknown>): void {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    code: { regExp: harmlessRegExp },
  })
  addFormats.default(ajv)
  ajv.compile(schema)
}

/** Values are checked on the thread that appends: a pattern that backtracks would stop it for everybody. */
const harmlessRegExp = Object.assign(
  (pattern: string, flags: string): RegExp => {
    const expression = new RegExp(pattern, flags)
    const risk = backtrackingRisk(pattern)
    if (risk)
      throw new Error(`the pattern ${pattern} ${risk}, which may take exponential time: write it otherwise`)
    return expression
  },
  // What Ajv would write in generated code, which is not made here
  { code: 'new RegExp' },
)
