import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Passes everything on, but leaves a field out of answers that are JSON objects: what the verifiers must notice. */
export class ForgetfulProxy {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(upstream: string, field: string): Promise<ForgetfulProxy> {
    const server = createServer((asked, answer) => {
      const options = { method: asked.method, headers: { ...asked.headers, host: new URL(upstream).host } }
      const onward = request(new URL(asked.url ?? '/', upstream), options, async (given) => {
        const chunks: Buffer[] = []
        for await (const chunk of given) chunks.push(chunk as Buffer)
        const forgets =
          /^application\/json/.test(given.headers['content-type'] ?? '') && asked.url !== '/openapi.json'
        const body = forgets ? without(Buffer.concat(chunks), field) : Buffer.concat(chunks)
        const { 'transfer-encoding': _, ...headers } = given.headers
        answer.writeHead(given.statusCode ?? 502, { ...headers, 'content-length': body.length })
        answer.end(body)
      })
      onward.on('error', () => answer.destroy())
      asked.pipe(onward)
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    return new ForgetfulProxy(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  }

  stop(): void {
    this.server.closeAllConnections()
    this.server.close()
  }
}

function without(json: Buffer, field: string): Buffer {
  if (json.length === 0) return json
  const { [field]: _, ...rest } = JSON.parse(json.toString()) as Record<string, unknown>
  return Buffer.from(JSON.stringify(rest))
}
