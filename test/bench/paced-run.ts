import type { Generated } from './generate.js'
import type { Options } from './options.js'
import type { Paced, PacedResult, Poll } from './paced.js'
import { runProgram } from './programs.js'
import type { Server } from './servers.js'

/** Commands at the options' rate, with polls; throws when anything was refused. */
export async function runPaced(
  server: Server,
  { agentToken }: Generated,
  {
    commandsPerSecond,
    seconds,
    warmUpSeconds,
  }: Pick<Options, 'commandsPerSecond' | 'seconds' | 'warmUpSeconds'>,
  { polls = [], visibleEvery }: { polls?: Poll[]; visibleEvery?: number } = {},
): Promise<PacedResult> {
  const paced: Paced = {
    url: server.url,
    token: agentToken,
    commandsPerSecond,
    seconds,
    warmUpSeconds,
    visibleEvery,
    polls,
  }
  const result = await runProgram<PacedResult>('paced', paced)
  if (result.failed > 0)
    throw new Error(`${result.failed} requests failed, such as\n${result.failures.join('\n')}`)
  return result
}

/** Asks for all read models to be built anew; the builds go on when this resolves. */
export async function startRebuild({ url }: Server, { administratorToken }: Generated): Promise<void> {
  for (const name of [
    'work_queue',
    'queue_history',
    'incident_details',
    'incident_facts',
    'incident_search',
  ]) {
    const headers = { authorization: `Bearer ${administratorToken}` }
    const response = await fetch(`${url}/projections/${name}/rebuild`, { method: 'POST', headers })
    if (!response.ok) throw new Error(`The rebuild of ${name}: ${response.status} ${await response.text()}`)
  }
}
