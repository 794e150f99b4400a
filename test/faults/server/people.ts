import { pino } from 'pino'
import { issueToken } from '../../../src/cli/token.js'
import { openWriteSide } from '../../../src/runtime/write-side.js'
import { expectOk } from './api.js'
import type { ServerProcess } from './ledgerdesk-process.js'

/** Tokens of those who appear in the tests. */
export interface Tokens {
  admin: string
  auditor: string
  agents: readonly string[]
}

export const GROUP = 'Service Desk'
export const AGENTS = ['agent-1', 'agent-2', 'agent-3'] as const

/** Registers everybody and issues their tokens, in a folder without a server. */
export async function issueTokens(dataDir: string): Promise<Tokens> {
  const write = await openWriteSide({ dataDir }, pino({ level: 'silent' }))
  try {
    const issue = (person: string, role: 'administrator' | 'auditor' | 'agent') =>
      issueToken(write, { person, roles: [role], label: 'test' })
    const agents: string[] = []
    for (const agent of AGENTS) agents.push(await issue(agent, 'agent'))
    return {
      admin: await issue('admin', 'administrator'),
      auditor: await issue('auditor', 'auditor'),
      agents,
    }
  } finally {
    await write.close()
  }
}

/** Makes the group with its agents. */
export async function registerGroup({ url }: ServerProcess, { admin: token }: Tokens): Promise<void> {
  await expectOk(url, { token, path: '/groups', body: { id: GROUP, name: GROUP } })
  for (const person of AGENTS)
    await expectOk(url, {
      token,
      path: `/groups/${encodeURIComponent(GROUP)}/add-member`,
      body: { person },
    })
}
