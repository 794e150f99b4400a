import type { OutgoingEvent, PublishedTopic, TopicSettings } from '#libs/event-publisher'
import type { RecordedEvent } from '#libs/event-sourcing'
import { approvalEventOnTopic } from './approvals/approval.topic.js'
import { toCloudEvent } from './events/cloud-event.js'
import { RecordAudiences } from './events/record-audience.js'
import { incidentEventOnTopic } from './incidents/incident.topic.js'

/** Processes whose records have a topic. People, groups, settings and imports have none: their streams are for overseers. */
const PROCESSES: readonly {
  name: string
  /** The event without what is internal; undefined when it never leaves. */
  onTopic(event: RecordedEvent): RecordedEvent | undefined
}[] = [
  { name: 'incident', onTopic: (event) => incidentEventOnTopic(event as never) },
  { name: 'approval', onTopic: (event) => approvalEventOnTopic(event as never) },
]

export type TopicOptions = Omit<TopicSettings, 'name'> & {
  /** Before the topics' names. */
  namespace: string
  logId: string
}

/** Name of the topic of a process: `<namespace>.itsm.<process>.events.v1`. */
export function topicName(namespace: string, process: string): string {
  return `${namespace}.itsm.${process}.events.v1`
}

/** The topics of all processes, by the rights of topics: public records, without what is internal. */
export function publishedTopics({ namespace, logId, ...settings }: TopicOptions): PublishedTopic[] {
  return PROCESSES.map(({ name, onTopic }) => {
    const from = [`${name}-`]
    const audiences = new RecordAudiences(from)
    return {
      settings: { ...settings, name: topicName(namespace, name) },
      from,
      async outgoing(events, log, caughtUp) {
        const outgoing: OutgoingEvent[] = []
        for (const event of await audiences.visible(events, log, caughtUp)) {
          const shown = onTopic(event)
          if (shown) outgoing.push(toCloudEvent(shown, logId) as OutgoingEvent)
        }
        return outgoing
      },
    }
  })
}
