// Plays the TLS socket of an admitted client, without TLS: what is pushed in comes out as decrypted bytes do, and what is
// written is kept. It ends as a TLSSocket does (no half-open); that Node's parser reads a TLSSocket's handle itself instead of
// its events is what this cannot play, so test/gateway/lanes-tls.test.ts sends some of the streams over TLS.
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

export class Wire extends Duplex {
  readonly remoteAddress = '31.13.64.7'
  readonly remotePort = 40_000
  bytesRead = 0
  readonly #written: Buffer[] = []

  constructor() {
    super({ allowHalfOpen: false })
    this.on('error', () => {})
  }

  /** As the gateway's code takes it: what is missing here of a socket, it does not use. */
  get socket(): Socket {
    return this as unknown as Socket
  }

  /** All that the gateway wrote, one character a byte. */
  get said(): string {
    return Buffer.concat(this.#written).toString('latin1')
  }

  /** The gateway takes no more, or says nothing more. */
  get over(): boolean {
    return this.destroyed || this.writableEnded
  }

  /** The client sent this. */
  receive(bytes: Buffer): void {
    if (this.destroyed) return
    this.bytesRead += bytes.length
    // In memory of its own, as Node reads it: the gateway gives that back, and whoever looks at it again sees nothing.
    this.push(Buffer.from(new Uint8Array(bytes).buffer))
  }

  /** The client sends no more. */
  finish(): void {
    if (!this.destroyed) this.push(null)
  }

  resetByClient(): void {
    this.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#written.push(chunk)
    done()
  }

  override _final(done: () => void): void {
    done()
    // The client closes when the gateway does.
    this.finish()
  }

  // What Node's HTTP server asks of a net.Socket, as net.Socket does it.
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  resetAndDestroy(): void {
    this.destroy()
  }

  setTimeout(): this {
    return this
  }

  setNoDelay(): this {
    return this
  }

  setKeepAlive(): this {
    return this
  }
}
