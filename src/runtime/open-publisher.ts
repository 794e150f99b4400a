import { KafkaEventPublisher } from '#libs/event-publisher/kafka'
import type { PublishingSettings } from './publishing.js'

/**
 * The publisher that the settings describe; connects when it is first used. Apart from the settings, since a process that
 * publishes nothing need not load a Kafka client.
 * @param clientId names this process to the brokers
 */
export function openPublisher({ kafka }: PublishingSettings, clientId: string): KafkaEventPublisher {
  return new KafkaEventPublisher({ ...kafka, clientId })
}
