// Stoplight's Prism between all end-to-end tests of a run and their servers: an answer outside the contract becomes a 500 that
// says so. It takes seconds to read the contract, so one serves them all: behind it each request goes to the server that its
// header `x-upstream` names.
//
//   node test/servers/prism.mjs serve FOLDER    asks the built program for its contract, starts, and prints lines to evaluate in
//                                               a shell: E2E_PRISM_URL, E2E_PRISM_CONTRACT; stays until it is ended
//   node test/servers/prism.mjs unseen FOLDER   prints the operations of which no answer came by, and fails when there are any;
//                                               and those of which only refusals did
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const ROOT = resolve(fileURLToPath(import.meta.url), '../../..')
const PRISM = join(ROOT, 'test/contract/verifiers/node_modules/.bin/prism')
const METHODS = ['get', 'put', 'post', 'delete', 'patch']

const [command, folder] = process.argv.slice(2)
if (!folder) throw new Error('Say what to do, and the folder: see the head of this file')
const contract = join(folder, 'openapi.json')
const seen = join(folder, 'seen')
if (command === 'serve') await serve()
else if (command === 'unseen') tellUnseen()
else throw new Error(`There is no command ${command}`)

async function serve() {
  mkdirSync(folder, { recursive: true })
  const text = await publishedContract()
  writeFileSync(contract, text)
  const forwarder = await startForwarder(operationsOf(JSON.parse(text)))
  const port = await freePort()
  // Told no more than errors: it would write several lines for each request
  const where = ['--host', '127.0.0.1', '--port', `${port}`, '--verboseLevel', 'error']
  const child = spawn(PRISM, ['proxy', '--errors', ...where, contract, forwarder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  process.once('SIGTERM', () => child.kill())
  child.once('exit', (code) => process.exit(code ?? 0))
  while (!(await listens(port))) await new Promise((done) => setTimeout(done, 100))
  process.stdout.write(
    `export E2E_PRISM_URL=http://127.0.0.1:${port}\nexport E2E_PRISM_CONTRACT='${contract}'\n`,
  )
}

/** What a server without data publishes. */
async function publishedContract() {
  const dataDir = mkdtempSync(join(tmpdir(), 'ledgerdesk-contract-'))
  const env = { PATH: process.env.PATH, LEDGERDESK_DATA_DIR: dataDir, LEDGERDESK_PORT: '0' }
  const server = spawn(process.execPath, [join(ROOT, 'dist/src/main.js')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(server, 'exit')
  try {
    for await (const line of createInterface({ input: server.stdout })) {
      const { msg, url } = JSON.parse(line)
      if (msg === 'serving') return await (await fetch(`${url}/openapi.json`)).text()
    }
    throw new Error('The server ended')
  } finally {
    server.kill()
    await ended
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** Passes requests on to the server that each names, and notes which operations had a good answer. @returns its address */
async function startForwarder(operations) {
  const noted = new Set()
  const server = createServer((asked, answer) => {
    const { 'x-upstream': upstream, ...headers } = asked.headers
    const to = { method: asked.method, headers: { ...headers, host: new URL(upstream).host }, agent: false }
    const onward = request(new URL(asked.url, upstream), to, (given) => {
      const name = operations.find(({ is }) => is(asked.method, asked.url))?.name
      const line = `${given.statusCode < 300 ? 'done' : 'refused'} ${name}`
      if (name && !noted.has(line)) {
        noted.add(line)
        appendFileSync(seen, `${line}\n`)
      }
      answer.writeHead(given.statusCode, given.headers)
      given.pipe(answer)
    })
    onward.on('error', () => answer.destroy())
    asked.pipe(onward)
  })
  return addressOf(server)
}

/** Operations of a contract, those without parameters before those whose parameters would take their place. */
function operationsOf({ paths }) {
  const literalFirst = (a, b) => a.split('{').length - b.split('{').length
  return Object.keys(paths)
    .sort(literalFirst)
    .flatMap((path) => {
      const literal = path.split(/\{[^}]*\}/).map((text) => text.replace(/[.*+?^$()|[\]\\]/g, '\\$&'))
      const pattern = new RegExp(`^${literal.join('[^/]+')}(\\?|$)`)
      return METHODS.filter((method) => paths[path][method]).map((method) => ({
        name: `${method.toUpperCase()} ${path}`,
        is: (asked, url) => asked === method.toUpperCase() && pattern.test(url),
      }))
    })
}

function tellUnseen() {
  const names = operationsOf(JSON.parse(readFileSync(contract, 'utf8'))).map(({ name }) => name)
  const known = new Set(existsSync(seen) ? readFileSync(seen, 'utf8').split('\n') : [])
  const done = names.filter((name) => known.has(`done ${name}`))
  const refused = names.filter((name) => known.has(`refused ${name}`) && !done.includes(name))
  const unseen = names.filter((name) => !done.includes(name) && !refused.includes(name))
  for (const name of refused) process.stdout.write(`only refusals seen through Prism: ${name}\n`)
  for (const name of unseen) process.stdout.write(`not seen through Prism: ${name}\n`)
  process.stdout.write(`${names.length - unseen.length} of ${names.length} operations seen through Prism\n`)
  process.exitCode = unseen.length > 0 ? 1 : 0
}

async function addressOf(server) {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${server.address().port}`
}

async function freePort() {
  const server = createServer()
  const { port } = new URL(await addressOf(server))
  await new Promise((done) => server.close(done))
  return Number(port)
}

function listens(port) {
  return new Promise((found) => {
    const socket = connect(port, '127.0.0.1', () => {
      found(true)
      socket.destroy()
    })
    socket.once('error', () => found(false))
  })
}
