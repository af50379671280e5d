// Loads http-proxy when the first request needs it: most gateways have no route that does.
import { createRequire } from 'node:module'
import type HttpProxy from 'http-proxy'

let loaded: typeof HttpProxy | undefined

export function httpProxy(): typeof HttpProxy {
  loaded ??= load()
  return loaded
}

// http-proxy 1.18.1 keeps util._extend, whose first call prints a deprecation warning (DEP0060) since Node 22 and asks for
// Object.assign instead. So that is what it finds in its place while it loads, which nobody else can see: loading is synchronous.
function load(): typeof HttpProxy {
  const require = createRequire(import.meta.url)
  const util: object = require('node:util')
  const before = { _extend: Reflect.get(util, '_extend') as unknown }
  Object.assign(util, { _extend: Object.assign })
  try {
    return require('http-proxy')
  } finally {
    Object.assign(util, before)
  }
}
