// nginx as a contestant: with njs or lua for the signature, and for reference without. One worker, as it has one core.
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { META_CLIENT_NAME } from '../../src/lab/pki/authorities.ts'
import { OtherProcess } from '../line-process.ts'
import { type Duty, type Entry, type Name, type Surroundings, WHOLE_JOB, freePort } from './contestant.ts'
import { LUA_GATE, NJS_GATE } from './nginx-gates.ts'
import { PATH } from './material.ts'
import { isThere } from './there.ts'

const MODULES = '/usr/lib/nginx/modules'

interface Kind {
  readonly name: Name
  readonly duties: readonly Duty[]
  /** The files of MODULES it needs, and the package of the last one. */
  readonly modules: readonly string[]
  readonly package: string
  /** For the http block, and for the location. */
  readonly http: (directory: string, secret: string) => string
  readonly location: string
}

const PASS = 'proxy_pass http://consumer;'

const KINDS: readonly Kind[] = [
  {
    name: 'nginx + njs',
    duties: WHOLE_JOB,
    modules: ['ngx_http_js_module.so'],
    package: 'libnginx-mod-http-js',
    http: (directory) => `js_import gate from ${directory}/gate.js;`,
    // The body has to be in memory in one piece for a script: its documentation of requestBuffer says so.
    location: 'client_body_in_single_buffer on; js_content gate.verify;',
  },
  {
    name: 'nginx + lua',
    duties: WHOLE_JOB,
    modules: ['ndk_http_module.so', 'ngx_http_lua_module.so'],
    package: 'libnginx-mod-http-lua',
    http: (_directory, secret) =>
      `lua_package_path "/usr/share/lua/5.1/?.lua;;"; init_by_lua_block { ${LUA_GATE(secret)} }`,
    location: `client_body_in_single_buffer on; access_by_lua_block { gate() } ${PASS}`,
  },
  {
    name: 'nginx, no signature',
    duties: ['proxy', 'name', 'address'],
    modules: [],
    package: 'nginx',
    http: () => '',
    location: PASS,
  },
]

export const nginxes: readonly Entry[] = KINDS.map((kind) => ({
  name: kind.name,
  missing: () => {
    if (!isThere('nginx', '-v')) return 'apt-get install nginx'
    return kind.modules.every((file) => existsSync(join(MODULES, file)))
      ? undefined
      : `apt-get install ${kind.package}`
  },
  start: async (surroundings) => {
    const port = await freePort()
    const { material, cores, cleanup, upstream } = surroundings
    const directory = join(material.directory, kind.name.replaceAll(/\W+/g, '-'))
    await mkdir(directory)
    await writeFile(join(directory, 'gate.js'), NJS_GATE(material.secret), { mode: 0o600 })
    await writeFile(join(directory, 'nginx.conf'), config(kind, { ...surroundings, directory, port }), {
      mode: 0o600,
    })
    const command = [
      ...cores.pin,
      'nginx',
      '-e',
      'stderr',
      '-p',
      directory,
      '-c',
      join(directory, 'nginx.conf'),
    ]
    const process = new OtherProcess({ name: kind.name, command, cleanup })
    await process.accepts(port)
    return {
      name: kind.name,
      port,
      pid: process.pid,
      duties: kind.duties,
      // Its address rules are of HTTP: they come after the handshake.
      refusesAddresses: 'after TLS',
      received: upstream.received,
    }
  },
}))

interface Place extends Surroundings {
  readonly directory: string
  readonly port: number
}

// keepalive and its two companions: nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive. keepalive_requests: its default
// of 1,000 would close connections while they are measured. client_body_buffer_size: a body on disk would be slower. A geo block
// is a radix tree, which is what its documentation has for long lists. No access log: it is spared what hubgate's audit costs.
function config(kind: Kind, { directory, port, material, upstream }: Place): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
${kind.modules.map((file) => `load_module ${MODULES}/${file};`).join('\n')}
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid ${directory}/pid;
error_log stderr crit;
events { worker_connections 4096; }
http {
  ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join(' ')}
  access_log off;
  server_tokens off;
  tcp_nodelay on;
  ${kind.http(directory, material.secret)}
  geo $listed { default 0; ${material.prefixes.map((prefix) => `${prefix} 1;`).join(' ')} }
  map $ssl_client_s_dn $named { default 0; "~(?:^|,)CN=${META_CLIENT_NAME.replaceAll('.', '\\.')}(?:,|$)" 1; }
  upstream consumer {
    server 127.0.0.1:${upstream.port};
    keepalive 512;
    keepalive_requests 1000000000;
    keepalive_timeout 300s;
  }
  server {
    listen 127.0.0.1:${port} ssl backlog=4096;
    ssl_certificate ${material.directory}/server.pem;
    ssl_certificate_key ${material.directory}/server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets off;
    ssl_session_cache off;
    ssl_client_certificate ${material.directory}/anchor.pem;
    ssl_verify_client on;
    client_max_body_size 4m;
    client_body_buffer_size 4m;
    keepalive_timeout 300s;
    keepalive_requests 1000000000;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_next_upstream off;
    if ($listed = 0) { return 444; }
    if ($named = 0) { return 403; }
    location / { return 404; }
    location = ${PATH} { ${kind.location} }
    location @consumer { ${PASS} }
  }
}
`
}
