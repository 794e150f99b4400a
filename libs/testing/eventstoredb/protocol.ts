/**
 * The protocol as `@eventstore/db-client` ships it: message classes and service definitions generated from the
 * vendor's protobuf files. They are CommonJS without statically visible names, hence the default imports.
 */
import gossipServices from '@eventstore/db-client/generated/gossip_grpc_pb.js'
import gossip from '@eventstore/db-client/generated/gossip_pb.js'
import featureServices from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import features from '@eventstore/db-client/generated/serverfeatures_pb.js'
import shared from '@eventstore/db-client/generated/shared_pb.js'
import status from '@eventstore/db-client/generated/status_pb.js'
import streamServices from '@eventstore/db-client/generated/streams_grpc_pb.js'
import streams from '@eventstore/db-client/generated/streams_pb.js'

export { featureServices, features, gossip, gossipServices, shared, status, streamServices, streams }

/** What a server is told to be: the open-source releases whose conversations were recorded. */
export type Profile = '23.10' | '26.1'

/** A message that is already encoded, or one that still has to be. */
export type Outgoing = Buffer | { serializeBinary(): Uint8Array }

/** Encodes a response once; events are kept encoded, so that a reader costs no more than a copy. */
export const encode = (message: Outgoing): Buffer =>
  Buffer.isBuffer(message) ? message : Buffer.from(message.serializeBinary())

/** Bytes of a protobuf field of type `bytes`, which the generated classes hand out as either shape. */
export const bytesOf = (value: Uint8Array | string): Uint8Array =>
  typeof value === 'string' ? Buffer.from(value, 'base64') : value
