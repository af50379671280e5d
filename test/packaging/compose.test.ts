// compose.yaml: its hubgate.yaml is one, its services are locked down, its secrets are files; and the sample consumer does its part.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { sign } from '../../src/domain/signature.ts'
import { CANARY_SECRET, CANARY_VERIFY_TOKEN } from '../canary.ts'
import { ROOT, readDockerfile } from './dockerfile.ts'
import { heldConfig } from './embedded-config.ts'

const Service = z.object({
  image: z.string(),
  read_only: z.boolean(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  secrets: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  networks: z.array(z.string()),
  ports: z.array(z.string()).default([]),
  stop_grace_period: z.string().optional(),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
})
const Compose = z.object({
  services: z.record(z.string(), Service),
  configs: z.object({ hubgate: z.object({ content: z.string() }) }),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
  volumes: z.record(z.string(), z.object({})),
  networks: z.record(z.string(), z.object({ internal: z.boolean().optional() })),
})

const text = readFileSync(join(ROOT, 'compose.yaml'), 'utf8')
const { services, configs, secrets, volumes, networks } = Compose.parse(parse(text, { merge: true }))
const config = heldConfig(configs.hubgate.content.replaceAll('$$', '$'), {
  'run/secrets/app_secret': `${CANARY_SECRET}\n`,
  'run/secrets/verify_token': `${CANARY_VERIFY_TOKEN}\n`,
})

describe('compose.yaml', () => {
  it('has a hubgate.yaml that holds, with every gate on', () => {
    expect(config.client.require).toBe('always')
    expect(config.sources.mode).toBe('enforce')
    expect(config.sources.allowlist).toBe('/var/lib/hubgate/as32934.txt')
    expect(config.admin.address).toMatchObject({ host: '127.0.0.1' })
  })

  it('publishes the port that hubgate listens on, and none of anyone else', () => {
    expect(config.listen.address).toMatchObject([{ port: 8443 }])
    expect(
      Object.entries(services).flatMap(([name, { ports }]) => ports.map((port) => `${name} ${port}`)),
    ).toEqual(['hubgate 443:8443'])
  })

  it('leads to the consumer, which only hubgate reaches', () => {
    expect(config.routes[0]?.upstream).toBe('http://consumer:3000/webhooks')
    expect(services['consumer']?.networks).toEqual(['inside'])
    expect(networks['inside']?.internal).toBe(true)
  })

  it.each(Object.entries(services))(
    '%s can write nowhere else, and may become nobody else',
    (_name, service) => {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      })
    },
  )

  it('has secrets as files alone, and each volume and network that is used', () => {
    const used = Object.values(services)
    const known = (names: readonly string[], there: object) =>
      names.filter((name) => !Object.hasOwn(there, name))
    expect(
      known(
        used.flatMap((service) => service.secrets),
        secrets,
      ),
    ).toEqual([])
    expect(
      known(
        used.flatMap((service) => service.networks),
        networks,
      ),
    ).toEqual([])
    const named = used.flatMap((service) => service.volumes).filter((volume) => !/^[./]/.test(volume))
    expect(
      known(
        named.map((volume) => volume.split(':')[0] ?? ''),
        volumes,
      ),
    ).toEqual([])
    const variables = used.flatMap(({ environment }) => Object.keys(environment))
    expect(variables.filter((name) => /SECRET|TOKEN|PASSWORD/.test(name) && !name.endsWith('_FILE'))).toEqual(
      [],
    )
  })

  it('mounts its state where the image has its volume', () => {
    const path = readDockerfile()
      .stages.at(-1)
      ?.instructions.find(({ keyword }) => keyword === 'VOLUME')?.text
    for (const name of ['hubgate', 'allowlist'])
      expect(services[name]?.volumes).toContain(`state:${path ?? ''}`)
  })

  it('gives hubgate more time to end than it takes', () => {
    const seconds = Number(/^(\d+)s$/.exec(services['hubgate']?.stop_grace_period ?? '')?.[1])
    expect(seconds * 1_000).toBeGreaterThan(config.shutdown.delay + config.shutdown.timeout + 5_000)
  })

  it('the job refreshes, and does nothing else', () => {
    expect(services['allowlist']?.command?.join(' ')).toContain('hubgate allowlist refresh')
  })
})

describe('sample-consumer.mjs', () => {
  it(
    'answers 200 where the signature fits, 403 where not, and ends with SIGTERM',
    { timeout: 30_000 },
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'hubgate-consumer-'))
      const file = join(directory, 'app-secret')
      writeFileSync(file, `${CANARY_SECRET}\n`)
      const child = spawn(process.execPath, [join(ROOT, 'scripts/sample-consumer.mjs')], {
        env: { PORT: '0', SECRET_FILE: file },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      try {
        let said = ''
        child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
        const port = () => /on port (\d+)/.exec(said)?.[1] ?? ''
        await expect.poll(port, { timeout: 15_000 }).not.toBe('')
        const body = '{"object":"page","entry":[]}'
        const ask = async (signature: string) => {
          const url = `http://127.0.0.1:${port()}/webhooks`
          const answer = await fetch(url, {
            method: 'POST',
            body,
            headers: { 'x-hub-signature-256': signature },
          })
          return answer.status
        }
        expect(await ask(sign(Buffer.from(body), CANARY_SECRET))).toBe(200)
        expect(await ask(sign(Buffer.from(body), 'another-secret-of-some-length'))).toBe(403)
        expect(await ask('')).toBe(403)
        expect(said).not.toContain(CANARY_SECRET)
        const ended = new Promise((resolve) => {
          child.once('exit', resolve)
        })
        child.kill('SIGTERM')
        expect(await ended).toBe(0)
      } finally {
        child.kill('SIGKILL')
        rmSync(directory, { recursive: true, force: true })
      }
    },
  )
})
