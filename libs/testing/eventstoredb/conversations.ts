import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { features, type Profile, streams } from './protocol.js'

/** A message on the wire as it was recorded; `omitted` when its body was too large to keep. */
export interface RecordedMessage {
  base64?: string
  message?: Json
  omitted?: true
}

export interface RecordedStatus {
  code: number
  details: string
  trailers: Record<string, string>
}

export interface RecordedCall {
  path: string
  metadata: Record<string, string>
  order: string
  requests: RecordedMessage[]
  responses: RecordedMessage[]
  status: RecordedStatus | null
}

export interface Scenario {
  scenario: string
  calls: RecordedCall[]
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

const FILES: Record<Profile, string> = {
  '23.10': 'conversations-eventstoredb-23.10.8.jsonl.gz',
  '26.1': 'conversations-kurrentdb-26.1.0.jsonl.gz',
}

const FOLDER = 'test/data/eventstoredb-conversations'

/** The recorded conversations with the real server of a profile, in order (from the project's root). */
export function recordedConversations(profile: Profile): Scenario[] {
  const text = gunzipSync(readFileSync(`${FOLDER}/${FILES[profile]}`)).toString('utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Scenario)
}

/** The message classes of the calls that the double understands. */
const RESPONSES = {
  '/event_store.client.server_features.ServerFeatures/GetSupportedMethods': features.SupportedMethods,
  '/event_store.client.streams.Streams/Append': streams.AppendResp,
  '/event_store.client.streams.Streams/BatchAppend': streams.BatchAppendResp,
  '/event_store.client.streams.Streams/Delete': streams.DeleteResp,
  '/event_store.client.streams.Streams/Read': streams.ReadResp,
  '/event_store.client.streams.Streams/Tombstone': streams.TombstoneResp,
} as const

export const isKnownPath = (path: string): path is keyof typeof RESPONSES => path in RESPONSES

/** A response decoded as the recordings decode theirs. */
export function decodeResponse(path: string, bytes: Uint8Array): Json {
  if (!isKnownPath(path)) throw new Error(`Nothing is known of ${path}`)
  return JSON.parse(JSON.stringify(RESPONSES[path].deserializeBinary(bytes).toObject()))
}
