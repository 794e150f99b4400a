import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import { readConfiguration } from '#libs/platform'
import { run } from './program.js'

const ROOT = resolve(__dirname, '../..')
const DOCKER = join(ROOT, 'docker')
const HADOLINT = process.env.HADOLINT ?? 'hadolint'
/** Debian's; `docker compose` answers the same. Neither needs an engine for this. */
const COMPOSE = process.env.DOCKER_COMPOSE ?? 'docker-compose'

interface Service {
  image: string
  environment?: Record<string, string>
  ports?: string[]
  networks?: object
  volumes?: string[]
  healthcheck?: object
  read_only?: boolean
  cap_drop?: string[]
  security_opt?: string[]
}

/** A compose file with its variables filled in, as the tool understands it. */
async function composed(file: string, environmentFile: string) {
  const args = ['--env-file', join(DOCKER, environmentFile), '-f', join(DOCKER, file), 'config']
  const { code, output } = await run(COMPOSE, args, { cwd: ROOT })
  const document =
    code === 0 ? (parse(output) as { services: Record<string, Service>; networks: object }) : undefined
  return { code, output, document }
}

const OURS = ['api', 'projector', 'publisher', 'sample']

describe('docker/Dockerfile', () => {
  const lint = async (dockerfile: string) => {
    const { output } = await run(HADOLINT, ['--format', 'json', '-'], { input: dockerfile })
    return (JSON.parse(output) as { code: string }[]).map(({ code }) => code)
  }
  const dockerfile = readFileSync(join(DOCKER, 'Dockerfile'), 'utf8')

  it('gives hadolint nothing to say', async () => {
    expect(await lint(dockerfile)).toEqual([])
  })

  it.each([
    ['a base image without a version', /node:20-bookworm-slim/g, 'node:latest', 'DL3007'],
    ['root', /USER 1000:1000/, 'USER root', 'DL3002'],
    [
      'a package that the next build may have anew',
      /USER 1000:1000/,
      'RUN apt-get install -y curl',
      'DL3008',
    ],
  ])('would be told of %s', async (_, found, replacement, rule) => {
    expect(await lint(dockerfile.replace(found, replacement))).toContain(rule)
  })
})

describe('docker/compose.yaml', () => {
  let services: Record<string, Service>
  beforeAll(async () => {
    const { document, output } = await composed('compose.yaml', 'demo.env')
    if (!document) throw new Error(output)
    services = document.services
  })

  it('is whole: three stores that say when they are well, three roles, and the sample of the demo', () => {
    expect(Object.keys(services).sort()).toEqual([...OURS, 'eventstore', 'kafka', 'mongodb'].sort())
    for (const store of ['eventstore', 'kafka', 'mongodb'])
      expect(services[store]).toMatchObject({ healthcheck: expect.anything(), volumes: expect.anything() })
    expect(services.eventstore!.environment).toMatchObject({ KURRENTDB_COMPRESSION_LEVEL: 'NoCompression' })
  })

  it('gives each role settings that it starts with', () => {
    for (const name of OURS) {
      const { role } = readConfiguration({ ...services[name]!.environment })
      expect(role).toBe(name === 'sample' ? 'all' : name)
    }
    const wrong = { ...services.publisher!.environment, LEDGERDESK_KAFKA_BROKERS: undefined }
    expect(() => readConfiguration(wrong)).toThrow('KAFKA_BROKERS')
  })

  it('lets our processes write nowhere but to memory, and gain no rights', () => {
    for (const name of OURS) {
      const service = services[name]!
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      })
      expect(service.volumes!.every((volume) => volume.endsWith(':ro'))).toBe(true)
    }
  })

  it('opens the API to this machine only, and nothing else', () => {
    const open = Object.entries(services).filter(([, { ports }]) => ports)
    expect(open.map(([name, { ports }]) => [name, ports])).toEqual([['api', ['127.0.0.1:3000:3000/tcp']]])
    for (const [name, { networks }] of Object.entries(services))
      expect([name, Object.keys(networks!)]).toEqual([
        name,
        name === 'api' ? ['front', 'stores'] : ['stores'],
      ])
  })

  it('knows no password of its own: without them it does not start, and the demo is asked for by name', async () => {
    const { code, output } = await composed('compose.yaml', 'example.env')
    expect(code).not.toBe(0)
    expect(output).toContain('see docker/example.env')
    expect(readFileSync(join(DOCKER, 'example.env'), 'utf8')).toMatch(
      /^EVENTSTORE_PASSWORD=\n[\s\S]*^MONGODB_PASSWORD=$/m,
    )
    expect(readFileSync(join(DOCKER, 'compose.yaml'), 'utf8')).not.toMatch(/PASSWORD:-/)
    expect(readFileSync(join(DOCKER, 'demo.env'), 'utf8')).toContain('COMPOSE_PROFILES=demo')
  })

  it('would not be taken with an error in it', async () => {
    const { code, output } = await run(COMPOSE, ['-f', '-', 'config'], {
      input: 'services: { api: { image: ledgerdesk, depend_on: [eventstore] } }',
      cwd: ROOT,
    })
    expect(code).not.toBe(0)
    expect(output).toContain('depend_on')
  })
})

it('docker/compose.embedded.yaml is one container that writes to its volume only', async () => {
  const { document } = await composed('compose.embedded.yaml', 'example.env')
  expect(document!.services).toEqual({
    ledgerdesk: expect.objectContaining({
      read_only: true,
      cap_drop: ['ALL'],
      ports: ['127.0.0.1:3000:3000/tcp'],
      volumes: ['data:/data:rw'],
    }),
  })
  expect(readConfiguration({ ...document!.services.ledgerdesk!.environment }).role).toBe('all')
})
