import kafkajs, { type PartitionAssigner } from 'kafkajs'

const { MemberAssignment, MemberMetadata } = kafkajs.AssignerProtocol

/**
 * An assigner of a consumer group that gives everything to one member: to the one that had it before, as long as that
 * one is there; the others stand by. So being assigned is a lease, kept by Kafka's group coordinator.
 *
 * Members say in their metadata since when they have held it (Kafka's own sticky assigner tells its former assignment
 * there). When several say so, one of them was away and has not noticed: the latest to be given it keeps it.
 * @param holdingSince milliseconds since the epoch, undefined while not holding; asked at each joining
 */
export function soleMember(holdingSince: () => number | undefined): PartitionAssigner {
  return ({ cluster }) => ({
    name: 'LedgerdeskSoleMember',
    version: 0,
    protocol({ topics }) {
      const userData = Buffer.from(String(holdingSince() ?? ''))
      return { name: this.name, metadata: MemberMetadata.encode({ version: this.version, topics, userData }) }
    },
    async assign({ members, topics }) {
      const chosen = choose(
        members.map(({ memberId, memberMetadata }) => ({
          memberId,
          since: Number(MemberMetadata.decode(memberMetadata)?.userData.toString() ?? ''),
        })),
      )
      const everything = Object.fromEntries(
        topics.map((topic) => [topic, partitionsOf(cluster, topic).map(({ partitionId }) => partitionId)]),
      )
      return members.map(({ memberId }) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: this.version,
          assignment: memberId === chosen ? everything : {},
          userData: Buffer.alloc(0),
        }),
      }))
    },
  })
}

/** The latest to hold it, else the first by id. */
export function choose(members: readonly { memberId: string; since: number }[]): string | undefined {
  const [first] = [...members].sort((a, b) => b.since - a.since || (a.memberId < b.memberId ? -1 : 1))
  return first?.memberId
}

type ClusterView = { findTopicPartitionMetadata(topic: string): { partitionId: number }[] }

/** What kafkajs's own assigners use; its types leave it out. */
function partitionsOf(cluster: object, topic: string): { partitionId: number }[] {
  return (cluster as ClusterView).findTopicPartitionMetadata(topic)
}
