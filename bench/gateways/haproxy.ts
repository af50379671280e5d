// HAProxy as a contestant: the whole job in its configuration, with buffers that Meta's largest deliveries fit into.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { META_CLIENT_NAME } from '../../src/lab/pki/authorities.ts'
import { OtherProcess } from '../line-process.ts'
import { type Entry, type Surroundings, WHOLE_JOB, freePort } from './contestant.ts'
import { PATH } from './material.ts'
import { isThere } from './there.ts'

export const haproxy: Entry = {
  name: 'HAProxy',
  missing: () => (isThere('haproxy', '-v') ? undefined : 'apt-get install haproxy'),
  start: async (surroundings) => {
    const { material, cores, cleanup, upstream } = surroundings
    const port = await freePort()
    const directory = join(material.directory, 'haproxy')
    await mkdir(directory)
    const file = (name: string) => readFile(join(material.directory, name), 'utf8')
    const files = {
      'server.pem': `${await file('server.pem')}\n${await file('server.key')}`,
      'sources.lst': `${material.prefixes.join('\n')}\n`,
      'haproxy.cfg': config(surroundings, { directory, port }),
    }
    for (const [name, text] of Object.entries(files))
      await writeFile(join(directory, name), text, { mode: 0o600 })
    const command = [...cores.pin, 'haproxy', '-db', '-q', '-f', join(directory, 'haproxy.cfg')]
    const process = new OtherProcess({ name: 'HAProxy', command, cleanup })
    await process.accepts(port)
    return {
      name: 'HAProxy',
      port,
      pid: process.pid,
      duties: WHOLE_JOB,
      refusesAddresses: 'before TLS',
      received: upstream.received,
    }
  },
}

// One thread, as it has one core. A body has to fit into one buffer, beside what may be added to the head: configuration manual,
// "option http-buffer-request" and "tune.bufsize". http-reuse always: its manual's advice for one client behind all connections.
function config(
  { material, upstream }: Surroundings,
  { directory, port }: { directory: string; port: number },
): string {
  return `
global
    nbthread 1
    maxconn 2048
    tune.bufsize ${4 * 1024 * 1024 + 65_536}
    tune.maxrewrite 16384
    tune.ssl.cachesize 0
defaults
    mode http
    timeout connect 5s
    timeout client 300s
    timeout http-request 60s
    timeout http-keep-alive 300s
    timeout server 60s
frontend in
    bind 127.0.0.1:${port} backlog 4096 ssl crt ${directory}/server.pem ca-file ${material.directory}/anchor.pem verify required ssl-min-ver TLSv1.2 no-tls-tickets alpn http/1.1
    acl listed src -f ${directory}/sources.lst
    tcp-request connection reject unless listed
    http-request deny unless { ssl_c_s_dn(CN) -m str ${META_CLIENT_NAME} }
    http-request deny deny_status 404 unless { path -m str ${PATH} } { method POST }
    option http-buffer-request
    http-request set-var(txn.expected) req.body,hmac(sha256,${Buffer.from(material.secret).toString('base64')}),hex,lower
    http-request set-var(txn.given) req.hdr(X-Hub-Signature-256),regsub(^sha256=,)
    http-request deny unless { var(txn.given),secure_memcmp(txn.expected) }
    default_backend consumer
backend consumer
    http-reuse always
    server consumer 127.0.0.1:${upstream.port} pool-max-conn 512
`
}
