import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfiguration } from '#libs/platform'
import { publishingSettings, topicsOf } from './publishing.js'

const BROKERS = { LEDGERDESK_KAFKA_BROKERS: 'kafka1:9092,kafka2:9092' }
const settings = (environment: Record<string, string>) => publishingSettings(readConfiguration(environment))

describe('Settings of publishing', () => {
  it('are plain text to the brokers by default, and topics of the name space', () => {
    const given = settings({ ...BROKERS, LEDGERDESK_NAMESPACE: 'acme' })
    expect(given.kafka).toEqual({
      brokers: ['kafka1:9092', 'kafka2:9092'],
      compression: 'snappy',
      ssl: false,
      sasl: undefined,
    })
    expect(topicsOf(given, 'log-1').map((topic) => topic.settings)).toEqual([
      { name: 'acme.itsm.incident.events.v1', partitions: 12, replicationFactor: undefined },
      { name: 'acme.itsm.approval.events.v1', partitions: 12, replicationFactor: undefined },
      { name: 'acme.itsm.configuration.events.v1', partitions: 12, replicationFactor: undefined },
      { name: 'acme.itsm.change.events.v1', partitions: 12, replicationFactor: undefined },
      { name: 'acme.itsm.problems.events.v1', partitions: 12, replicationFactor: undefined },
      { name: 'acme.itsm.audit.events.v1', partitions: 12, replicationFactor: undefined },
    ])
  })

  it('carry the certificates and who signs in', () => {
    const folder = mkdtempSync(join(tmpdir(), 'certificates-'))
    const file = join(folder, 'ca.pem')
    writeFileSync(file, '-----BEGIN CERTIFICATE-----')
    const { kafka } = settings({
      ...BROKERS,
      LEDGERDESK_KAFKA_TLS: 'true',
      LEDGERDESK_KAFKA_CA_FILE: file,
      LEDGERDESK_KAFKA_SASL_MECHANISM: 'scram-sha-512',
      LEDGERDESK_KAFKA_USERNAME: 'ann',
      LEDGERDESK_KAFKA_PASSWORD: 'secret',
    })
    rmSync(folder, { recursive: true })
    expect(kafka).toMatchObject({
      ssl: { ca: '-----BEGIN CERTIFICATE-----' },
      sasl: { mechanism: 'scram-sha-512', username: 'ann', password: 'secret' },
    })
  })

  it('are refused without brokers, or with a file that is not there', () => {
    expect(() => settings({})).toThrow('LEDGERDESK_KAFKA_BROKERS')
    const missing = { LEDGERDESK_KAFKA_TLS: 'true', LEDGERDESK_KAFKA_CA_FILE: '/nowhere/ca.pem' }
    expect(() => settings({ ...BROKERS, ...missing })).toThrow('LEDGERDESK_KAFKA_CA_FILE=/nowhere/ca.pem')
  })
})
