import { issueToken, metadata } from '../../src/cli/token.js'
import { groupRecords } from '../../src/directory/directory.records.js'
import { AddMember, RegisterGroup } from '../../src/directory/domain/group.commands.js'
import type { WriteSide } from '../../src/runtime/write-side.js'
import { AGENT, CALLER, GROUPS } from './opening.js'

/** Tokens of those who work in a bench. */
export interface Tokens {
  agentToken: string
  administratorToken: string
}

/** Registers who works in a bench, and the groups. */
export async function enrol(write: WriteSide): Promise<Tokens> {
  await issueToken(write, { person: CALLER, roles: ['requester'], label: 'bench' })
  const agentToken = await issueToken(write, { person: AGENT, roles: ['agent'], label: 'bench' })
  const administratorToken = await issueToken(write, {
    person: 'person-bench-administrator',
    roles: ['administrator'],
    label: 'bench',
  })
  for (let n = 1; n <= GROUPS; n++)
    await write.executor.execute(
      groupRecords,
      new RegisterGroup(`group-${n}`, { name: `Group ${n}` }, metadata()),
    )
  for (const group of ['group-1', 'group-2'])
    await write.executor.execute(groupRecords, new AddMember(group, { person: AGENT }, metadata()))
  return { agentToken, administratorToken }
}
