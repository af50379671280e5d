// The words of `hubgate init`: the first hubgate.yaml, and the steps after it.
import { KNOWN_ANCHORS } from '../tls/known-anchors.ts'

export interface InitAnswers {
  readonly upstream: string
  readonly host: string
  /** Of the callback URL. */
  readonly path: string
  /** The configuration that is written. */
  readonly file: string
}

const META_ROOT = KNOWN_ANCHORS.find(({ current }) => current)

/** A configuration that starts, once the files it names and two environment variables are there. */
export function firstConfig({ upstream, host, path }: InitAnswers): string {
  return `# hubgate.yaml: every setting is explained in docs/configuration.md. Check it with: hubgate config check
# Paths are relative to this file. Secrets stay outside: \${NAME} is an environment variable, \${file:PATH} a file.

listen:
  address: ":8443"                 # Meta calls port 443: forward it here, or write ":443"

tls:                               # the certificate of ${host}, watched for renewal; certbot keeps them in
  certificate: tls/fullchain.pem   #   /etc/letsencrypt/live/${host}/fullchain.pem
  key: tls/privkey.pem             #   /etc/letsencrypt/live/${host}/privkey.pem

client:                            # Meta has to show a client certificate
  require: always                  # deliveries: the GET challenge may come without one
  commonNames: ["client.webhooks.fbclientcerts.com"]
  anchors:
    - builtin: digicert-ev         # Meta's client certificate until April 2026
    # Meta's current root. Download the zip from Meta's page "Webhooks / Getting started / mTLS", and as it is:
    # hubgate anchor add FILE.zip (it shows what is in it, and stores it here). Its SHA-256 fingerprint:
${fingerprintComment()}
    - { name: ${META_ROOT?.name}, file: anchors/${META_ROOT?.name}.pem }

sources:
  # The addresses of Meta (AS32934). To get them, and again every day: hubgate allowlist refresh
  # (docs/allowlist.md: cron, systemd, Kubernetes; what it checks)
  allowlist: data/as32934.txt      # one prefix a line, # begins a comment
  # refresh: { every: 24h }        # instead of cron: the gateway refreshes it by itself
  # mode: none                     # instead of the list: the source gate is off, shouted at every start

apps:
  meta:                            # newest first, several while one is rotated
    secrets: ["\${APP_SECRET}"]     # Meta's dashboard: App settings, Basic
    verifyTokens: ["\${VERIFY_TOKEN}"]

routes:
  - path: ${JSON.stringify(path)}
    apps: [meta]
    upstream: ${JSON.stringify(upstream)}
    timeout: 5s
`
}

/** What to enter at Meta, and what is left to do here. */
export function nextSteps({ host, path, file }: InitAnswers): string {
  return `Wrote ${file}.

Enter at Meta (App dashboard, Webhooks):
  Callback URL   https://${host}${path}
  Verify token   the value of VERIFY_TOKEN; to make one: openssl rand -hex 24
  Mutual TLS     switch it on for the app: client certificates are sent only then
  Fields         subscribe those that you want; nothing arrives without

Next:
  1. Put the certificate of ${host} where tls.certificate and tls.key say.
  2. Download Meta's current root (${file} says from where), and store the zip as it is: hubgate anchor add FILE.zip -c ${file}
  3. Get the addresses of Meta, now and from cron: hubgate allowlist refresh -c ${file}
  4. Set APP_SECRET (App settings, Basic) and VERIFY_TOKEN in the environment.
  5. hubgate config check -c ${file}
  6. hubgate serve -c ${file}
`
}

// Two lines: one would be longer than a terminal is wide.
function fingerprintComment(): string {
  const pairs = (META_ROOT?.fingerprint ?? '').split(':')
  return [pairs.slice(0, 16), pairs.slice(16)].map((half) => `    #   ${half.join(':')}`).join('\n')
}
