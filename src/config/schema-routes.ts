// The declaration's larger half for operators: apps with their secrets, and routes with their upstreams.
import { z } from 'zod'
import { choice, duration, flag, longEnough, secret, text } from './kinds.ts'
import { requestPath, upstream } from './kinds-network.ts'

const app = z.strictObject({
  secrets: z
    .array(secret('an app secret', longEnough))
    .prefault([])
    .describe(
      "App secrets, newest first: several while one is rotated. In Meta's dashboard: App settings, Basic. At least one, each of 16 characters or more.",
    ),
  verifyTokens: z
    .array(secret('a verify token', () => undefined))
    .prefault([])
    .describe(
      "What is typed beside the callback URL in Meta's dashboard, newest first. None: the GET challenge is refused.",
    ),
})

export const apps = z
  .record(z.string(), app)
  .prefault({})
  .describe('Meta apps by a name of your own, which records, metrics and the Hubgate-App field carry.')

const route = z.strictObject({
  path: requestPath().describe(
    'The path of the callback URL. Exactly: nothing is decoded, folded or trimmed.',
  ),
  apps: z
    .array(text('name of an app'))
    .prefault([])
    .describe('Whose secrets may sign here. Several: the secret that verifies tells which app it was.'),
  upstream: upstream().describe(
    "Where verified deliveries go. Its path replaces the request's; the query is appended as received.",
  ),
  timeout: duration()
    .prefault('5s')
    .describe('From the first byte sent to the upstream to the end of its answer.'),
  mode: choice('relay', 'inbox', 'unsigned')
    .prefault('relay')
    .describe(
      "`relay`: sent on at once, answered with the upstream's verdict. `inbox`: not built yet. `unsigned`: streamed through **without a signature check**; needs `unsafeUnsigned: true`.",
    ),
  answer: choice('status', 'full')
    .prefault('status')
    .describe(
      "`status`: the upstream's status without its body. `full`: its status, Content-Type and body up to 1 MiB (WhatsApp Flows). Only with `mode: relay`.",
    ),
  challenge: choice('answer', 'forward')
    .prefault('answer')
    .describe(
      'Who answers the GET challenge: hubgate, or the upstream (its 200 counts only if its body is the challenge).',
    ),
  host: choice('received', 'upstream')
    .prefault('received')
    .describe('The Host field that the upstream gets.'),
  clientCert: flag()
    .prefault(false)
    .describe("Whether the upstream gets Meta's certificate as Client-Cert (RFC 9440)."),
  unsafeUnsigned: flag()
    .prefault(false)
    .describe(
      'Says that `mode: unsigned` is meant: anybody who passes the other gates can send anything here.',
    ),
})

export const routes = z.array(route).describe('What is answered at all. At least one.')
