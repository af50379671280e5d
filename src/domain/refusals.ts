// Everything hubgate can say no with: one row a code. Answers, docs/refusals.md and metric labels are made from it.
// The peer sees `status` and `reason` only; what exactly was wrong goes to the audit record.

/** Where in a request's life something happens, in order. */
export const PHASES = ['connection', 'handshake', 'identity', 'request', 'body', 'forward', 'done'] as const
export type Phase = (typeof PHASES)[number]

export interface RefusalRow {
  readonly phase: Phase
  /** How the connection ends when the refusal comes before HTTP; absent where it cannot come there. */
  readonly socket?: 'reset' | 'close'
  /** The HTTP answer; absent where there is nobody left to answer or nothing to say it in. */
  readonly status?: number
  /** Whether the connection ends after the HTTP answer. */
  readonly close: boolean
  /** Short, public, the same for every cause. */
  readonly reason: string
  /** For operators: what it means and what to do next. Goes to docs/refusals.md. */
  readonly help: string
}

export const REFUSALS = {
  SOURCE_NOT_ALLOWED: {
    phase: 'connection',
    socket: 'reset',
    status: 403,
    close: true,
    reason: 'source address not accepted',
    help: 'The peer address is in no prefix of the allow-list. If it is Meta, refresh the list; a load balancer in between needs its own front.',
  },
  CONNECTION_LIMIT: {
    phase: 'connection',
    socket: 'reset',
    close: true,
    reason: 'too many connections',
    help: '`limits.connections` or `limits.connectionsPerAddress` is reached. Raise it if the peers are wanted.',
  },
  PROXY_HEADER_INVALID: {
    phase: 'connection',
    socket: 'reset',
    close: true,
    reason: 'PROXY header not accepted',
    help: 'The PROXY protocol header was missing, malformed or late. Check what the load balancer sends.',
  },
  TLS_FAILED: {
    phase: 'handshake',
    socket: 'close',
    close: true,
    reason: 'TLS handshake failed',
    help: "The handshake failed; the detail is OpenSSL's reason. Scanners and plain HTTP on this port end here.",
  },
  HANDSHAKE_TIMEOUT: {
    phase: 'handshake',
    socket: 'close',
    close: true,
    reason: 'TLS handshake too slow',
    help: 'The handshake was not complete within `limits.handshakeTimeout`.',
  },
  CERTIFICATE_MISSING: {
    phase: 'identity',
    socket: 'close',
    status: 403,
    close: true,
    reason: 'client certificate not accepted',
    help: "No client certificate came. From Meta's addresses: switch on mutual TLS for the app in Meta's dashboard, or set `client.require: deliveries` if only the challenge comes without.",
  },
  CERTIFICATE_UNTRUSTED: {
    phase: 'identity',
    socket: 'close',
    status: 403,
    close: true,
    reason: 'client certificate not accepted',
    help: "The certificate leads to none of the configured anchors. If it is Meta's, add the current root: `hubgate anchor add FILE`.",
  },
  CERTIFICATE_EXPIRED: {
    phase: 'identity',
    socket: 'close',
    status: 403,
    close: true,
    reason: 'client certificate not accepted',
    help: "A certificate of the chain is expired or not valid yet. Check this machine's clock first.",
  },
  CERTIFICATE_REVOKED: {
    phase: 'identity',
    socket: 'close',
    status: 403,
    close: true,
    reason: 'client certificate not accepted',
    help: 'A certificate of the chain stands on a revocation list.',
  },
  CERTIFICATE_PROFILE: {
    phase: 'identity',
    socket: 'close',
    status: 403,
    close: true,
    reason: 'client certificate not accepted',
    help: 'The certificate is not fit to identify a client, or its chain is too long. The detail says which: version, common names and how they are written, being a CA, purpose, key usage, an unknown critical extension, serial number, validity, signature algorithm, key, or depth (`client.maxDepth`).',
  },
  COMMON_NAME_MISMATCH: {
    phase: 'identity',
    socket: 'close',
    status: 403,
    close: true,
    reason: 'client certificate not accepted',
    help: "A trusted certificate, but not Meta's webhook client: its common name is not among `client.commonNames`.",
  },
  FRONT_FIELDS_INVALID: {
    phase: 'request',
    status: 403,
    close: true,
    reason: 'front fields not accepted',
    help: 'The fields by which the front in front of hubgate asserts address and certificate are missing, doubled or malformed.',
  },
  FRAMING_INVALID: {
    phase: 'request',
    status: 400,
    close: true,
    reason: 'malformed request',
    help: 'Not one unambiguous HTTP/1.1 request. Meta sends none like it; a proxy in between may.',
  },
  ROUTE_UNKNOWN: {
    phase: 'request',
    status: 404,
    close: true,
    reason: 'no such path',
    help: "The path is not in `routes`, byte for byte. Compare it with the callback URL in Meta's dashboard.",
  },
  METHOD_NOT_ALLOWED: {
    phase: 'request',
    status: 405,
    close: true,
    reason: 'method not allowed',
    help: 'Webhooks are GET (the challenge) and POST (deliveries). A GET on a route whose apps have no verify token is refused, too.',
  },
  LENGTH_REQUIRED: {
    phase: 'request',
    status: 411,
    close: true,
    reason: 'Content-Length required',
    help: 'A POST without Content-Length, or chunked. Meta always announces the length.',
  },
  MEDIA_TYPE_UNSUPPORTED: {
    phase: 'request',
    status: 415,
    close: true,
    reason: 'media type not supported',
    help: 'A signed delivery is application/json. Other bodies need a route with `mode: unsigned`.',
  },
  EXPECTATION_UNSUPPORTED: {
    phase: 'request',
    status: 417,
    close: true,
    reason: 'expectation not supported',
    help: 'An Expect field other than 100-continue.',
  },
  HEAD_TOO_LARGE: {
    phase: 'request',
    status: 431,
    close: true,
    reason: 'request head too large',
    help: 'The request head is larger than `limits.head`, or has more than 100 fields.',
  },
  HEAD_TIMEOUT: {
    phase: 'request',
    status: 408,
    close: true,
    reason: 'request head too slow',
    help: 'The request head was not complete within `limits.headTimeout`.',
  },
  CHALLENGE_INVALID: {
    phase: 'request',
    status: 400,
    close: false,
    reason: 'not a verification challenge',
    help: "A GET that is not Meta's challenge: hub.mode=subscribe, hub.verify_token and hub.challenge, each exactly once.",
  },
  VERIFY_TOKEN_MISMATCH: {
    phase: 'request',
    status: 403,
    close: false,
    reason: 'verify token does not match',
    help: "The token typed into Meta's dashboard is none of the route's `verifyTokens`.",
  },
  BODY_TOO_LARGE: {
    phase: 'request',
    status: 413,
    close: true,
    reason: 'body too large',
    help: 'The announced length is above `limits.body`. Meta sends up to 3 MB.',
  },
  BODY_TIMEOUT: {
    phase: 'body',
    status: 408,
    close: true,
    reason: 'body too slow',
    help: 'The body was not complete within `limits.bodyTimeout`.',
  },
  SIGNATURE_MISSING: {
    phase: 'body',
    status: 403,
    close: false,
    reason: 'signature missing',
    help: 'No X-Hub-Signature-256 field: not from Meta, or a front dropped it.',
  },
  SIGNATURE_MALFORMED: {
    phase: 'body',
    status: 403,
    close: false,
    reason: 'signature malformed',
    help: 'X-Hub-Signature-256 is not exactly one value of sha256= and 64 lower-case hex digits.',
  },
  SIGNATURE_MISMATCH: {
    phase: 'body',
    status: 403,
    close: false,
    reason: 'signature does not match',
    help: "No configured app secret made this signature. Keep the body and ask `hubgate verify`; check the secrets of the route's apps.",
  },
  UPSTREAM_UNREACHABLE: {
    phase: 'forward',
    status: 502,
    close: false,
    reason: 'upstream not reachable',
    help: 'The upstream refused the connection or broke it before an answer began.',
  },
  UPSTREAM_PROTOCOL: {
    phase: 'forward',
    status: 502,
    close: false,
    reason: 'upstream answer not understood',
    help: "The upstream's answer was not a complete, final HTTP answer: malformed, cut off, too large, a redirect or too early.",
  },
  UPSTREAM_TIMEOUT: {
    phase: 'forward',
    status: 504,
    close: false,
    reason: 'upstream too slow',
    help: "The upstream did not finish its answer within the route's `timeout`.",
  },
  DRAINING: {
    phase: 'request',
    status: 503,
    close: true,
    reason: 'shutting down',
    help: 'hubgate is ending; Meta tries again.',
  },
  OVERLOADED: {
    phase: 'request',
    status: 503,
    close: true,
    reason: 'too busy',
    help: 'The bodies in flight would need more than `limits.bodiesInMemory`. A slow upstream is the usual cause.',
  },
  INBOX_UNAVAILABLE: {
    phase: 'forward',
    status: 503,
    close: false,
    reason: 'cannot store now',
    help: 'The inbox could not commit the delivery; Meta tries again.',
  },
  CLIENT_ABORTED: {
    phase: 'done',
    close: true,
    reason: 'client went away',
    help: "The client closed the connection before its answer. Audit only; common while Meta's own deadline is shorter than the upstream is slow.",
  },
  INTERNAL_ERROR: {
    phase: 'done',
    socket: 'close',
    status: 500,
    close: true,
    reason: 'internal error',
    help: 'A defect in hubgate: a gate threw. Nothing was admitted. Please report the record.',
  },
} as const satisfies Record<string, RefusalRow>

export type RefusalCode = keyof typeof REFUSALS

/** The row of a code, as the general type (the table itself is literal). */
export function refusalRow(code: RefusalCode): RefusalRow {
  return REFUSALS[code]
}
