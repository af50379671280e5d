// Where a routing registry answers, as it is written: HOST, HOST:PORT, [IPV6] or [IPV6]:PORT.

export interface RegistryAddress {
  readonly host: string
  readonly port: number
}

const WHOIS_PORT = 43
const WRITTEN = /^(?:([A-Za-z0-9.-]+)|\[([0-9A-Fa-f:.]+)\])(?::([1-9]\d{0,4}))?$/

/** @returns undefined where the text is no such place. */
export function parseRegistryServer(text: string): RegistryAddress | undefined {
  const [whole, name, literal, digits] = WRITTEN.exec(text) ?? []
  const port = digits === undefined ? WHOIS_PORT : Number(digits)
  if (whole === undefined || port > 65_535) return undefined
  return { host: name ?? literal ?? '', port }
}
