// How settings are named in problems: client.anchors[1].file. Made in one place, so that a problem found late
// (an unreadable file, a port in use) still finds its line.

export interface Position {
  readonly line: number
  readonly column: number
}

const PLAIN_KEY = /^[A-Za-z0-9_-]+$/

/** The name of a setting below another one; `parent` is empty for the file as a whole. */
export function settingBelow(parent: string, key: string | number): string {
  if (typeof key === 'number') return `${parent}[${key}]`
  if (!PLAIN_KEY.test(key)) return `${parent}[${JSON.stringify(printable(key))}]`
  return parent === '' ? key : `${parent}.${key}`
}

/** The setting around this one; undefined for the file as a whole. */
export function settingAround(setting: string): string | undefined {
  if (setting === '') return undefined
  const end = Math.max(setting.lastIndexOf('.'), setting.lastIndexOf('['))
  return end === -1 ? '' : setting.slice(0, end)
}

/** Where a setting stands, or where the nearest one around it does. */
export function locateIn(positions: ReadonlyMap<string, Position>, setting: string): Position | undefined {
  for (let at: string | undefined = setting; at !== undefined; at = settingAround(at)) {
    const position = positions.get(at)
    if (position !== undefined) return position
  }
  return undefined
}

/** Text from a file or an environment, fit for a message: short, without control characters, without user information. */
export function printable(text: string): string {
  const cut = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return cut.replace(/[^\x20-\x7e…]/g, '?').replace(/\/\/[^/@]*@/, '//***@')
}
