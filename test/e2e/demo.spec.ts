import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const CLI = join(__dirname, '../../dist/src/cli.js')
const END = '# Kill the server'
const PASTED_WITHIN_MS = 120_000
const hasShell = spawnSync('bash', ['-c', 'curl --version']).status === 0

/** What a newcomer does first: start the demo and paste what it prints. */
;(hasShell ? describe : describe.skip)(
  'The demo, pasted line by line into bash (needs bash and curl)',
  () => {
    let folder: string
    let demo: ChildProcess
    let printed = ''

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'ledgerdesk-demo-'))
      const env = { ...process.env, LEDGERDESK_DATA_DIR: join(folder, 'demo'), LEDGERDESK_PORT: '0' }
      demo = spawn(process.execPath, [CLI, 'demo'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
      await new Promise<void>((resolve, reject) => {
        demo.once('exit', (code) => reject(new Error(`The demo ended with ${code}: ${printed}`)))
        demo.stdout!.on('data', (chunk) => {
          printed += chunk
          if (printed.includes(END)) resolve()
        })
      })
    })
    afterAll(async () => {
      const exited = once(demo, 'exit')
      demo.kill('SIGTERM')
      await exited
      rmSync(folder, { recursive: true, force: true })
    })

    /** Output of the lines under one heading, run after the variables. */
    function pasted(heading: string): string {
      const lines = printed.slice(printed.indexOf('\nU='), printed.indexOf(END)).split('\n')
      const variables = lines.filter((line) => /^[A-Z0-9_]+=/.test(line) && !/^[RCFNIKA]=/.test(line))
      const from = lines.findIndex((line) => line.startsWith(`# ${heading}`))
      expect(from).toBeGreaterThan(0)
      const to = lines.indexOf('', from)
      return execFileSync('bash', ['-c', [...variables, ...lines.slice(from, to)].join('\n')], {
        cwd: folder,
        encoding: 'utf8',
        maxBuffer: 64_000_000,
        // Each line that waits for what does not come takes a minute
        timeout: PASTED_WITHIN_MS,
      })
    }
    const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)

    it('shows the queue as it is and as it was', () => {
      const pages = pasted('The queue of').match(/\{"items":\[\{"type":"incident".*?"position":"\d{20}"/g)
      expect(pages).toHaveLength(2)
      expect(pages![0]).not.toBe(pages![1])
    })

    it('gives one ticket to one of two agents', () => {
      expect(statuses(pasted('Two agents accept one ticket'))).toEqual(['200', '412'])
    })

    it('opens one incident for the same key twice', () => {
      const answers = pasted('The same Idempotency-Key twice')
      const ids = [...answers.matchAll(/"id":"(INC\d+)"/g)].map(([, id]) => id)
      expect(ids).toHaveLength(2)
      expect(ids[0]).toBe(ids[1])
    })

    it('tells the agent more of a history than the caller', () => {
      const [asAgent, asCaller] = pasted('Who did what when').split(/(?<=\})(?=\{"number")/)
      expect(JSON.parse(asAgent!).items.length).toBeGreaterThan(0)
      expect(JSON.parse(asCaller!).items.length).toBeGreaterThan(0)
      expect(asCaller!.length).toBeLessThan(asAgent!.length)
    })

    it('makes an alert an incident, that a major one, and moves the queue live', () => {
      const text = pasted('The queue live')
      const number = /"number":"(INC\d+)","title":"Disk full on db-1"/.exec(text)?.[1]
      expect(number).toBeDefined()
      expect(text).toMatch(/event: (enter|change)/)
      expect(text).toContain('"text":"We are on it"')
      expect(text).not.toContain('"status":4')
      expect(pasted('Half a word')).toContain(`"number":"${number}"`)
    })

    it('tells which incidents of the sample seem to have one cause, and why, and makes a problem of the best', () => {
      expect(printed).toMatch(/# {3}INC\d+: \d+ incidents \(INC\d+.*\), [\d.]+ bits beyond chance/)
      expect(printed).toMatch(/# {5}- \d+ of \d+ links: same symptom "Symptom \d+"/)
      const text = pasted('Incidents that seem to have one cause')
      expect(text).toContain('"reasons":["')
      const became = text.slice(text.lastIndexOf('"status":"accepted"'))
      expect(became).toMatch(/"problem":"PRB\d{7}"/)
      expect(became).toContain('"notLinked":0')
      expect(text).not.toContain('"status":4')
    })

    it('shows the estate at two of its changes, and what lies between', () => {
      const counts = [...pasted('The estate as its').matchAll(/"kind":"end","items":(\d+)/g)].map(([, n]) =>
        Number(n),
      )
      expect(counts).toHaveLength(2)
      expect(counts[0]).toBeLessThan(counts[1]!)
      expect(pasted('The estate as its')).toMatch(/"changed":\[\{"number":"CI/)
    })

    it('shows the estate on two dates, and their difference', () => {
      const told = pasted('The estate on two dates')
      const counts = [...told.matchAll(/"kind":"end","items":(\d+)/g)].map(([, n]) => Number(n))
      expect(counts).toHaveLength(2)
      expect(counts[0]).toBeLessThan(counts[1]!)
      expect(told).toMatch(/"from":\{"validAt":"2021-05-01T00:00:00.000Z"/)
      expect(told).toMatch(/"changed":\[\{"number":"CI/)
    })

    it('takes a change through its approval to the item that it is about, and to its evidence', () => {
      const text = pasted('A change: alice asks')
      expect(text).toMatch(/"ramGigabytes":128/)
      expect(text).toMatch(/CHG\d{7}-evidence\.zip/)
      expect(text).not.toContain('"status":4')
    })

    it('finds a modification that no change allowed, and keeps what an auditor says of it', () => {
      const text = pasted('A modification that no change')
      expect(text).toMatch(
        /modification-outside-change,configuration-item,CI\d+,.*no-change,deficiency,audrey/,
      )
      expect(text).not.toContain('"status":4')
    })

    it('counts the queues, gives analysts their rows and auditors the log', () => {
      const text = pasted('All queues by state')
      expect(text).toContain('"byState"')
      expect(text).toMatch(/number,state,priority/)
      expect(text).toContain('"specversion":"1.0"')
      expect(text).not.toContain('"status":4')
    })
  },
)
