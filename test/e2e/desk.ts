import type { Role } from '#libs/access'
import type { OpenApiDocument } from '#libs/platform'
import { Client, type Reply } from './client.js'
import { type BehindPrism, FirstOfEach, publishedContract, throughPrism } from './prism.js'
import { ServerProcess, type Settings } from './server.js'

/** Who is there: one for each role, and a second requester and agent. */
export const CAST = {
  rita: 'requester',
  rob: 'requester',
  ann: 'agent',
  ben: 'agent',
  lea: 'team-lead',
  chris: 'change-manager',
  audrey: 'auditor',
  ana: 'analyst',
  'service:monitoring': 'service',
  adam: 'administrator',
} as const satisfies Record<string, Role>
export type Person = keyof typeof CAST

/** Groups and their members. */
export const GROUPS = { 'Service Desk': ['ann', 'ben', 'lea'], Network: ['ben'] } as const

/** A server with people, groups and tokens, made as an administrator makes them. */
export class Desk {
  openapi!: OpenApiDocument
  private readonly clients = new Map<string, Client>()
  private proxy: BehindPrism | undefined
  private readonly byPrism = new FirstOfEach()

  private constructor(readonly server: ServerProcess) {}

  static async open(settings?: Settings): Promise<Desk> {
    const desk = new Desk(new ServerProcess(settings))
    const token = await desk.server.createToken('adam', 'administrator')
    await desk.start()
    desk.clients.set('adam', desk.withToken(token))
    const others = Object.entries(CAST).filter(([id]) => id !== 'adam')
    await Promise.all(others.map(([id, role]) => desk.enrol(id, role)))
    for (const [id, members] of Object.entries(GROUPS)) await desk.founded(id, members)
    return desk
  }

  /** Starts the server (again). */
  async start(): Promise<void> {
    await this.server.start()
    this.openapi = JSON.parse(await publishedContract(this.server.url)) as OpenApiDocument
    this.proxy = throughPrism(this.server.url)
  }

  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    return this.server.end(signal)
  }

  close(): Promise<void> {
    return this.server.dispose()
  }

  as(person: Person | (string & {})): Client {
    const client = this.clients.get(person)
    if (!client) throw new Error(`Nobody has enrolled ${person}`)
    return client
  }

  /** Somebody with this token, or with none. */
  withToken(token?: string): Client {
    return new Client(() => {
      const { url, headers } = this.proxy ?? {}
      const proxy =
        url === undefined ? undefined : { url, headers, takes: (name: string) => this.byPrism.takes(name) }
      return { direct: this.server.url, proxy, openapi: this.openapi }
    }, token)
  }

  /** Registers a person with these roles and a token. */
  async enrol(id: string, ...roles: Role[]): Promise<Client> {
    const adam = this.as('adam')
    const kind = id.startsWith('service:') ? 'service' : 'person'
    succeeded(await adam.post('/people', { id, kind, name: id }))
    const path = `/people/${encodeURIComponent(id)}`
    for (const role of roles) succeeded(await adam.post(`${path}/grant-role`, { role }))
    const { token } = succeeded(await adam.post(`${path}/issue-token`, { label: 'test' }))
    const client = this.withToken(token)
    this.clients.set(id, client)
    return client
  }

  async founded(id: string, members: readonly string[]): Promise<void> {
    const adam = this.as('adam')
    succeeded(await adam.post('/groups', { id, name: id }))
    for (const person of members)
      succeeded(await adam.post(`/groups/${encodeURIComponent(id)}/add-member`, { person }))
  }

  /** Opens an incident and gives its number. */
  async opened(body: object = {}, by: Person = 'ann'): Promise<string> {
    const { id } = succeeded(await this.as(by).post('/incidents', { title: 'Mail does not arrive', ...body }))
    return id
  }

  /** Carries out a verb that must work. @returns the receipt */
  async done(
    by: Person,
    number: string,
    verb: string,
    body: object = {},
  ): Promise<{ revision: number; position: string }> {
    return succeeded(await this.as(by).post(`/incidents/${number}/${verb}`, body))
  }
}

/** The body of an answer that must be a success. */
// biome-ignore lint/suspicious/noExplicitAny: as in Reply
export function succeeded({ status, body }: Reply): any {
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`)
  return body
}

/** Status and code of a refusal, such as `409 INCIDENT.NOT_OPEN`. */
export function refusal({ status, body }: Reply): string {
  return `${status} ${body?.code}`
}
