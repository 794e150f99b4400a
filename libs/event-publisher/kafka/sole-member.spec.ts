import fc from 'fast-check'
import kafkajs from 'kafkajs'
import { choose, soleMember } from './sole-member.js'

const { MemberAssignment } = kafkajs.AssignerProtocol
const TOPICS = { events: [0, 1, 2], checkpoints: [0] }
const cluster = {
  findTopicPartitionMetadata: (topic: keyof typeof TOPICS) =>
    TOPICS[topic].map((partitionId) => ({ partitionId })),
}

function assignerOf(since?: number) {
  return soleMember(() => since)({ cluster: cluster as never, groupId: 'group', logger: undefined as never })
}

/** What each member gets when these join, as the group's leader decides. */
async function assign(members: Record<string, number | undefined>) {
  const topics = Object.keys(TOPICS)
  const joined = Object.entries(members).map(([memberId, since]) => ({
    memberId,
    memberMetadata: assignerOf(since).protocol({ topics }).metadata,
  }))
  const assigned = await assignerOf().assign({ members: joined, topics })
  return Object.fromEntries(
    assigned.map(({ memberId, memberAssignment }) => [
      memberId,
      MemberAssignment.decode(memberAssignment)?.assignment,
    ]),
  )
}

describe('The assigner of the publisher group', () => {
  it('gives everything to one member, nothing to the others', async () => {
    expect(await assign({ b: undefined, a: undefined })).toEqual({ a: TOPICS, b: {} })
  })

  it('leaves it with the member that has it', async () => {
    expect(await assign({ a: undefined, b: 1_000, c: undefined })).toEqual({ a: {}, b: TOPICS, c: {} })
  })

  it('takes the latest of several that believe they have it', async () => {
    expect(await assign({ a: 1_000, b: 2_000 })).toEqual({ a: {}, b: TOPICS })
  })

  it('law: always one, whatever the order in which they are listed', () => {
    const members = fc.uniqueArray(fc.record({ memberId: fc.string({ minLength: 1 }), since: fc.nat() }), {
      minLength: 1,
      selector: ({ memberId }) => memberId,
    })
    fc.assert(
      fc.property(members, (listed) => {
        const chosen = choose(listed)
        expect(choose([...listed].reverse())).toBe(chosen)
        const since = listed.find(({ memberId }) => memberId === chosen)?.since
        expect(since).toBe(Math.max(...listed.map((member) => member.since)))
      }),
    )
  })
})
