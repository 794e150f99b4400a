import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Stands between clients and a server, and cuts connections when it is told to. */
export class CuttingProxy {
  private readonly pairs = new Set<readonly [Socket, Socket]>()
  cuts = 0

  private constructor(private readonly server: Server) {}

  static async before(target: string): Promise<CuttingProxy> {
    const { hostname, port } = new URL(target)
    const server = createServer()
    const proxy = new CuttingProxy(server)
    server.on('connection', (client) => {
      const upstream = connect(Number(port), hostname)
      const pair = [client, upstream] as const
      proxy.pairs.add(pair)
      for (const [from, to] of [pair, [upstream, client]] as const) {
        from.pipe(to)
        from.on('error', () => {})
        from.on('close', () => {
          to.destroy()
          proxy.pairs.delete(pair)
        })
      }
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Cuts each connection that the dice choose. */
  cut(dice: () => boolean): void {
    for (const [client, upstream] of this.pairs) {
      if (!dice()) continue
      this.cuts++
      client.destroy()
      upstream.destroy()
    }
  }

  async close(): Promise<void> {
    this.cut(() => true)
    if (this.server.listening) await new Promise((closed) => this.server.close(closed))
  }
}
