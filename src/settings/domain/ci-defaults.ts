import type { CiAttribute, CiClass, CiReconciliation, CiRelationType } from './settings.events.js'

/** What holds of configuration items until something else is published. */

const optional = (schema: Record<string, unknown>): CiAttribute => ({
  schema,
  presence: 'optional',
  changeControlled: false,
})
const TEXT = { type: 'string', maxLength: 2_000 }
const NUMBER = { type: 'number', minimum: 0 }
const DATE = { type: 'string', format: 'date' }

const text: CiAttribute = optional(TEXT)
const number: CiAttribute = optional(NUMBER)
const date: CiAttribute = optional(DATE)
const controlled = (schema: Record<string, unknown>): CiAttribute => ({
  ...optional(schema),
  changeControlled: true,
})
/** A CI without it counts as incomplete. */
const recommended = (attribute: CiAttribute): CiAttribute => ({ ...attribute, presence: 'recommended' })

/** What software and its settings run with: a change of it can take a service down. */
const MACHINE = {
  ipAddress: recommended(controlled(TEXT)),
  osFamily: recommended(controlled(TEXT)),
  osVersion: controlled(TEXT),
  cpu: controlled({ type: 'string', maxLength: 200 }),
  ramGigabytes: controlled(NUMBER),
}

function ciClass(
  name: string,
  label: string,
  parent: string | null,
  attributes: CiClass['attributes'],
): CiClass {
  return { name, label, parent, abstract: false, attributes }
}
function above(
  name: string,
  label: string,
  parent: string | null,
  attributes: CiClass['attributes'],
): CiClass {
  return { ...ciClass(name, label, parent, attributes), abstract: true }
}

/** The tree of iTop's functional CIs (itophub.io, "Configuration Management (CMDB)"), with the attributes most shops fill in. */
export const DEFAULT_CI_CLASSES: readonly CiClass[] = [
  above('configuration-item', 'Configuration item', null, {
    description: text,
    organization: text,
    location: text,
    businessCriticality: optional({ type: 'string', enum: ['high', 'medium', 'low'] }),
    movedToProduction: date,
  }),
  above('physical-device', 'Physical device', 'configuration-item', {
    serialNumber: recommended(text),
    assetNumber: text,
    brand: text,
    model: text,
    purchased: date,
    endOfWarranty: date,
  }),
  ciClass('rack', 'Rack', 'physical-device', { units: number }),
  ciClass('server', 'Server', 'physical-device', MACHINE),
  ciClass('network-device', 'Network device', 'physical-device', {
    deviceType: text,
    ipAddress: recommended(controlled(TEXT)),
    firmware: controlled(TEXT),
  }),
  ciClass('storage', 'Storage', 'physical-device', {
    ipAddress: controlled(TEXT),
    firmware: controlled(TEXT),
    capacityGigabytes: controlled(NUMBER),
  }),
  ciClass('pc', 'PC', 'physical-device', {
    deviceType: optional({ type: 'string', enum: ['desktop', 'laptop'] }),
    osFamily: text,
    osVersion: text,
    cpu: text,
    ramGigabytes: number,
  }),
  ciClass('printer', 'Printer', 'physical-device', { ipAddress: text }),
  ciClass('phone', 'Phone', 'physical-device', { phoneNumber: text, imei: text }),
  above('virtual-device', 'Virtual device', 'configuration-item', {}),
  ciClass('hypervisor', 'Hypervisor', 'virtual-device', { version: controlled(TEXT) }),
  ciClass('virtual-machine', 'Virtual machine', 'virtual-device', MACHINE),
  above('software', 'Software', 'configuration-item', {
    version: recommended(controlled(TEXT)),
    vendor: text,
  }),
  ciClass('database', 'Database', 'software', {
    engine: text,
    port: controlled({ type: 'integer', minimum: 1 }),
  }),
  ciClass('web-application', 'Web application', 'software', { url: controlled(TEXT) }),
  ciClass('middleware', 'Middleware', 'software', { port: controlled({ type: 'integer', minimum: 1 }) }),
  ciClass('application-solution', 'Application solution', 'configuration-item', { redundancy: text }),
  ciClass('business-service', 'Business service', 'configuration-item', { owner: recommended(text) }),
  ciClass('subnet', 'Subnet', 'configuration-item', {
    address: recommended(controlled(TEXT)),
    mask: controlled(TEXT),
  }),
  ciClass('licence', 'Licence', 'configuration-item', {
    vendor: text,
    metric: text,
    quantity: number,
    validFrom: date,
    validUntil: date,
  }),
]

function relation(
  name: string,
  label: string,
  inverse: string,
  inverseLabel: string,
  impact: CiRelationType['impact'],
): CiRelationType {
  return { name, label, inverse, inverseLabel, impact }
}

/** Impact flows from what is used to its user, host to guest, container to contained, member to group. */
export const DEFAULT_CI_RELATION_TYPES: readonly CiRelationType[] = [
  relation('depends-on', 'Depends on', 'used-by', 'Used by', 'to-source'),
  relation('runs-on', 'Runs on', 'runs', 'Runs', 'to-source'),
  relation('hosted-on', 'Hosted on', 'hosts', 'Hosts', 'to-source'),
  relation('contains', 'Contains', 'contained-by', 'Contained by', 'to-target'),
  relation('connects-to', 'Connects to', 'connects-to', 'Connects to', 'both'),
  relation('member-of', 'Member of', 'members', 'Members', 'to-target'),
  relation('backed-up-by', 'Backed up by', 'backs-up', 'Backs up', 'none'),
]

/** A serial number tells devices apart; of several sources the last one is believed. */
export const DEFAULT_CI_RECONCILIATION: CiReconciliation = {
  matchRules: [{ class: 'physical-device', attributes: ['serialNumber'] }],
  precedence: [],
  silentAfterDays: null,
}
