import { features, type Profile } from './protocol.js'

const PERSISTENT_SUBSCRIPTIONS =
  'create:stream,all update:stream,all delete:stream,all read:stream,all getinfo:stream,all replayparked:stream,all list:stream,all restartsubsystem:stream,all'
const USERS = 'create update delete disable enable details changepassword resetpassword'
const STREAMS = 'read:position,events append delete tombstone batchappend:deadline_duration'
const OPERATIONS =
  'startscavenge stopscavenge shutdown mergeindexes resignnode setnodepriority restartpersistentsubscriptions'
const REDACTION = 'geteventpositions switchchunks'

/** Services in the order in which each release names them; `method:feature,feature`. As recorded. */
const COMMON: [string, string][] = [
  ['event_store.client.persistent_subscriptions.persistentsubscriptions', PERSISTENT_SUBSCRIPTIONS],
  ['event_store.client.users.users', USERS],
  ['event_store.client.streams.streams', STREAMS],
  ['event_store.client.operations.operations', OPERATIONS],
  ['event_store.client.gossip.gossip', 'read'],
  ['event_store.client.monitoring.monitoring', 'stats'],
  ['event_store.client.server_features.serverfeatures', 'getsupportedmethods'],
]

const SERVICES: Record<Profile, [string, string][]> = {
  '23.10': [['event_store.client.redaction.redaction', REDACTION], ...COMMON],
  '26.1': [
    ['kurrentdb.protocol.v2.streams.streamsservice', 'appendsession appendrecords'],
    ...COMMON,
    ['kurrent.client.redaction.redaction', REDACTION],
  ],
}

const VERSION: Record<Profile, string> = { '23.10': '23.10.8', '26.1': '26.1.0' }

/** The answer to `GetSupportedMethods`, by which clients choose between batch and unary appends. */
export function supportedMethods(profile: Profile) {
  const answer = new features.SupportedMethods()
  answer.setEventStoreServerVersion(VERSION[profile])
  for (const [service, methods] of SERVICES[profile]) {
    for (const method of methods.split(' ')) {
      const [name = '', supported] = method.split(':')
      const entry = new features.SupportedMethod()
      entry.setServiceName(service)
      entry.setMethodName(name)
      entry.setFeaturesList(supported?.split(',') ?? [])
      answer.addMethods(entry)
    }
  }
  return answer
}
