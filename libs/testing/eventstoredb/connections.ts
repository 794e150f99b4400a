import { createServer, type Server as NetServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** How a listener treats its clients: `open` serves them, `silent` accepts and never answers. */
type Mode = 'open' | 'frozen' | 'silent'

/**
 * A TCP connection that can be stopped from the outside, as a frozen process stops all of its own: nothing is read,
 * nothing is answered, not even an HTTP/2 ping, and the kernel keeps the connection open.
 */
class Connection extends Duplex {
  private frozen = false
  private held?: () => void

  constructor(readonly socket: Socket) {
    super()
    socket.on('data', (chunk) => {
      if (!this.push(chunk)) socket.pause()
    })
    socket.on('end', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.destroy())
    socket.pause()
  }

  override _read(): void {
    if (!this.frozen) this.socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.whenThawed(() => this.socket.write(chunk, callback))
  }

  override _writev(chunks: { chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.whenThawed(() => this.socket.write(Buffer.concat(chunks.map(({ chunk }) => chunk)), callback))
  }

  override _final(callback: () => void): void {
    this.whenThawed(() => this.socket.end(callback))
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.socket.destroy()
    callback(error)
  }

  freeze(): void {
    this.frozen = true
    this.socket.pause()
  }

  thaw(): void {
    this.frozen = false
    this.socket.resume()
    const held = this.held
    this.held = undefined
    held?.()
  }

  private whenThawed(write: () => void): void {
    if (this.frozen) this.held = write
    else write()
  }
}

/** The listening side of the double: accepts connections and hands them to the gRPC server, or does not. */
export class Connections {
  private server?: NetServer
  private mode: Mode = 'open'
  private readonly open = new Set<Connection>()
  private readonly waiting = new Set<Socket>()

  constructor(private readonly accept: (connection: Duplex) => void) {}

  /** Listens on loopback; port 0 takes a free one. Returns the port. */
  async listen(port: number): Promise<number> {
    const server = createServer((socket) => this.connected(socket))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    this.server = server
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('The double listens on no TCP port')
    return address.port
  }

  /** Stops listening and breaks every connection, as a killed process does. */
  async close(): Promise<void> {
    const server = this.server
    this.server = undefined
    this.drop()
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()))
  }

  /** Breaks every connection; new ones are welcome. */
  drop(): void {
    for (const connection of this.open) connection.socket.resetAndDestroy()
    for (const socket of this.waiting) socket.resetAndDestroy()
    this.open.clear()
    this.waiting.clear()
  }

  freeze(): void {
    this.mode = 'frozen'
    for (const connection of this.open) connection.freeze()
  }

  /** New connections are accepted by the kernel and never answered. */
  silence(): void {
    this.mode = 'silent'
  }

  thaw(): void {
    this.mode = 'open'
    for (const connection of this.open) connection.thaw()
    for (const socket of this.waiting) this.serve(socket)
    this.waiting.clear()
  }

  private connected(socket: Socket): void {
    socket.setNoDelay(true)
    if (this.mode === 'open') this.serve(socket)
    else this.ignore(socket)
  }

  private ignore(socket: Socket): void {
    socket.pause()
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.waiting.delete(socket))
    this.waiting.add(socket)
  }

  private serve(socket: Socket): void {
    const connection = new Connection(socket)
    this.open.add(connection)
    connection.on('error', () => connection.destroy())
    connection.on('close', () => this.open.delete(connection))
    this.accept(connection)
  }
}
