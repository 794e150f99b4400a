import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Runs a program of this folder in a process of its own. @returns what it {@link answer}s */
export async function runProgram<Result>(
  name: string,
  input: unknown,
  flags: string[] = [],
): Promise<Result> {
  const script = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  const child = spawn(process.execPath, [...flags, script, JSON.stringify(input)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let result: Result | undefined
  child.on('message', (message) => {
    result = message as Result
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code !== 0 || result === undefined) throw new Error(`${name} ended with ${code} and no result`)
  return result
}

/** What the program was given. */
export function input<Input>(): Input {
  return JSON.parse(process.argv[2] ?? '{}') as Input
}

/** Hands the result to whoever ran the program. */
export function answer(result: object): Promise<void> {
  return new Promise((resolve, reject) =>
    process.send?.(result, undefined, {}, (error) => (error ? reject(error) : resolve())),
  )
}
