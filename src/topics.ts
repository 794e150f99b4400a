import type { OutgoingEvent, PublishedTopic, TopicSettings } from '#libs/event-publisher'
import type { RecordedEvent } from '#libs/event-sourcing'
import { approvalEventOnTopic } from './approvals/approval.topic.js'
import { changeEventOnTopic } from './changes/change.topic.js'
import { configurationEventOnTopic } from './configuration/configuration.topic.js'
import { toCloudEvent } from './events/cloud-event.js'
import { RecordAudiences } from './events/record-audience.js'
import { incidentEventOnTopic } from './incidents/incident.topic.js'
import { candidateEventOnTopic, problemEventOnTopic } from './problems/problem.topic.js'

/** Processes whose records have a topic. People, groups, settings and imports have none: their streams are for overseers. */
const PROCESSES: readonly {
  name: string
  /** Prefixes of its streams. */
  from: readonly string[]
  /** Of these, the prefixes of records that say who may see them; all others everybody at the desk may. */
  withAudience: readonly string[]
  /** The event without what is internal; undefined when it never leaves. */
  onTopic(event: RecordedEvent): RecordedEvent | undefined
}[] = [
  {
    name: 'incident',
    from: ['incident-'],
    withAudience: ['incident-'],
    onTopic: (event) => incidentEventOnTopic(event as never),
  },
  {
    name: 'approval',
    from: ['approval-'],
    withAudience: ['approval-'],
    onTopic: (event) => approvalEventOnTopic(event as never),
  },
  {
    name: 'configuration',
    from: ['ci-', 'relation-', 'baseline-'],
    withAudience: [],
    onTopic: (event) => configurationEventOnTopic(event as never),
  },
  {
    name: 'change',
    from: ['change-'],
    withAudience: ['change-'],
    onTopic: (event) => changeEventOnTopic(event as never),
  },
  {
    name: 'problems',
    from: ['problem-', 'candidate-'],
    withAudience: ['problem-'],
    onTopic: (event) =>
      event.stream.startsWith('candidate-')
        ? candidateEventOnTopic(event as never)
        : problemEventOnTopic(event as never),
  },
  {
    name: 'audit',
    from: ['judgement-'],
    withAudience: [],
    // Whoever may see the item may see how it was modified
    onTopic: ({ metadata: { reason: _, ...metadata }, ...event }) => ({ ...event, metadata }),
  },
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
  return PROCESSES.map(({ name, from, withAudience, onTopic }) => {
    const audiences = withAudience.length > 0 ? new RecordAudiences(withAudience) : undefined
    return {
      settings: { ...settings, name: topicName(namespace, name) },
      from,
      async outgoing(events, log, caughtUp) {
        const outgoing: OutgoingEvent[] = []
        const visible = audiences ? await audiences.visible(events, log, caughtUp) : events
        for (const event of visible) {
          const shown = onTopic(event)
          if (shown) outgoing.push(toCloudEvent(shown, logId) as OutgoingEvent)
        }
        return outgoing
      },
    }
  })
}
