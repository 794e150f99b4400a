import { eventPublisherContract } from '../event-publisher/event-publisher.contract.js'
import { InMemoryBroker, InMemoryEventPublisher } from './in-memory-event-publisher.js'

eventPublisherContract('Memory', async () => {
  const broker = new InMemoryBroker()
  let topics = 0
  return {
    server: 'memory',
    publisher: () => new InMemoryEventPublisher(broker),
    freshTopic: () => `topic-${topics++}`,
    read: async (topic) =>
      broker.topics
        .get(topic)!
        .partitions.map((events) =>
          events.map(({ partitionkey: key, sequence: position, id }) => ({ key, position, id })),
        ),
    destroy: async () => {},
  }
})
