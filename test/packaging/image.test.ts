// The image, built and run by the Dockerfile's own lines: it serves deliveries, writes nowhere but its volume, and drains on SIGTERM.
import { chmodSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type HeldUpstream, startHeldUpstream } from '../support/held-upstream.ts'
import { delivery, send } from '../support/sender.ts'
import { type Site, makeSite } from '../support/site.ts'
import { Container, canBuild } from './image.ts'

if (canBuild())
  describe('the image', () => {
    let upstream: HeldUpstream
    let site: Site
    let container: Container
    beforeAll(async () => {
      upstream = await startHeldUpstream()
      site = await makeSite({
        upstream: upstream.url,
        change: (yaml) =>
          yaml
            .replace(/^state: .*\n/m, '')
            .replace(/unix:[^"]*admin\.sock/, 'unix:/var/lib/hubgate/admin.sock'),
      })
      // Readable for its user, writable for nobody.
      chmodSync(site.directory, 0o755)
      chmodSync(join(site.directory, 'files'), 0o755)
      for (const name of readdirSync(join(site.directory, 'files')))
        chmodSync(join(site.directory, 'files', name), 0o444)
      container = new Container(site.directory)
      await container.says(/^built$/m)
    }, 200_000)
    afterAll(async () => {
      await container.end()
      await upstream.close()
      site.remove()
    }, 60_000)

    it('serves a delivery', { timeout: 60_000 }, async () => {
      const port = Number((await container.says(/listening on 127\.0\.0\.1:(\d+)/))[1])
      const { answers } = await send({ port, pki: site.pki }, [delivery()])
      expect(answers[0]?.status).toBe(200)
    })

    it('is healthy by its own HEALTHCHECK', async () => {
      await container.says(/"hubgate\.started"/)
      expect(await container.command('health')).toMatchObject({
        code: 0,
        said: expect.stringMatching(/^ready$/m),
      })
    })

    it.each([
      ['runs as nobody special', 'id -u; id -g; id -G', /^10001\n10001\n10001\n/],
      [
        'cannot write beside its volume',
        'touch /opt/hubgate/x /etc/hubgate/x /tmp/x 2>&1 || true; ls /tmp/x /opt/hubgate/x',
        /Read-only file system/,
      ],
      [
        'owns nothing of its own program',
        'find /opt/hubgate -user hubgate -o -perm -o+w ! -type l | head',
        /^$/,
      ],
      [
        'has no tool for development',
        'ls /opt/hubgate /opt/hubgate/node_modules /opt/hubgate/node_modules/.bin',
        /^(?!.*\b(?:typescript|vitest|tsx|src|test|\.git)\b)/s,
      ],
      ['reads its configuration and its own anchors', 'hubgate anchor list', /meta-lab/],
      ['keeps its state in the volume', 'ls -la /var/lib/hubgate', /admin\.sock/],
    ])('%s', async (_name, command, expected) => {
      await container.says(/"hubgate\.started"/)
      expect((await container.command(`look ${command}`)).said).toMatch(expected)
    })

    it('as process 1 hears SIGTERM, drains, and ends with 0', { timeout: 60_000 }, async () => {
      expect(await container.command('term')).toMatchObject({ code: 0 })
      expect(container.output).toMatch(/"hubgate\.draining"[^]*"hubgate\.ended"/)
    })
  })
else {
  console.warn('the image cannot be built here: that needs root, unshare and overlay mounts')
  it('the image can be built where mounts are permitted', () => expect(canBuild()).toBe(false))
}
