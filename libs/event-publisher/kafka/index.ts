export { POSITION_HEADER } from './cloud-event-message.js'
export { COMPRESSIONS, type Compression, registerSnappy } from './compression.js'
export { KafkaEventPublisher, type KafkaEventPublisherOptions } from './kafka-event-publisher.js'
export { checkpointTopicOf } from './topic-setup.js'
