import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** Stands between a client and a server on this machine, and can part them. */
export class InterruptedConnection {
  private state: 'open' | 'cut' | 'frozen' = 'open'
  private readonly pairs = new Set<[Socket, Socket]>()

  private constructor(
    private readonly server: Server,
    private readonly target: { host: string; port: number },
  ) {
    server.on('connection', (client) => this.join(client))
  }

  static async to(target: { host: string; port: number }): Promise<InterruptedConnection> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new InterruptedConnection(server, target)
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** As if the server had died: connections end, new ones are refused at once. */
  cut(): void {
    this.state = 'cut'
    this.endAll()
  }

  /** As if it hung: connections stay, and nothing comes. */
  freeze(): void {
    this.state = 'frozen'
    for (const pair of this.pairs) for (const socket of pair) socket.pause()
  }

  restore(): void {
    this.state = 'open'
    for (const pair of this.pairs) for (const socket of pair) socket.resume()
  }

  async close(): Promise<void> {
    this.endAll()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private join(client: Socket): void {
    if (this.state === 'cut') {
      client.destroy()
      return
    }
    const server = connect(this.target)
    const pair: [Socket, Socket] = [client, server]
    this.pairs.add(pair)
    for (const [from, to] of [pair, [server, client]] as const) {
      from.on('error', () => {})
      from.on('data', (bytes) => to.write(bytes))
      from.on('close', () => {
        to.destroy()
        this.pairs.delete(pair)
      })
      if (this.state === 'frozen') from.pause()
    }
  }

  private endAll(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.destroy()
  }
}
