// A root that the operating system or the operator's Node trusts is no anchor: only what the configuration names is.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { metaShaped } from '../../src/lab/pki/authorities.ts'
import { CANARY_MARK } from '../canary.ts'
import { Running } from '../support/programs.ts'
import { root } from './cases/case.ts'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hubgate-system-root-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

describe('a client below a root that Node trusts', () => {
  it('is refused as untrusted where the root is no anchor', async () => {
    const trusted = root('Lab Root Of An Operating System')
    const client = metaShaped().client({ issuer: trusted, extendedKeyUsage: ['clientAuth', 'serverAuth'] })
    const files = {
      'root.pem': trusted.certificate,
      'client.pem': client.certificate,
      'client.key': client.key,
    }
    for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content)
    const program = fileURLToPath(new URL('cases/system-root-program.ts', import.meta.url))
    const running = new Running(process.execPath, ['--import', 'tsx', program, directory], {
      NODE_EXTRA_CA_CERTS: join(directory, 'root.pem'),
    })
    const { stdout, stderr } = await running.ended
    expect(stdout + stderr).not.toContain(CANARY_MARK)
    expect(JSON.parse(stdout), stderr).toEqual({
      trustedByNode: true,
      codes: ['CERTIFICATE_UNTRUSTED', 'none'],
      received: 1,
      good: 200,
    })
  })
})
