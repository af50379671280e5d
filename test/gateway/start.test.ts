// A gateway starts with everything it needs or not at all. What it says as a process is start-serve.test.ts.
import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/config/problem.ts'
import { createGateway } from '../../src/embed.ts'
import { type Site, makeSite } from '../support/site.ts'

const sites: Site[] = []
afterEach(() => {
  for (const site of sites.splice(0)) site.remove()
})

async function plainSite(): Promise<Site> {
  const site = await makeSite({ upstream: 'http://127.0.0.1:9' })
  sites.push(site)
  return site
}

/** What keeps it from starting: "setting: message" of each; empty where it would. */
async function problems({ file }: Site): Promise<string[]> {
  try {
    const gateway = await createGateway({ file }, { log: () => {} })
    await gateway.close()
    return []
  } catch (error) {
    if (error instanceof ConfigError)
      return error.problems.map(({ setting, message }) => `${setting}: ${message}`)
    throw error
  }
}

describe('does not start with', () => {
  const path = (site: Site, name: string) => join(site.directory, 'files', name)
  const isRoot = process.getuid?.() === 0

  it.each<{ what: string; spoil: (site: Site) => void; setting: string; why: RegExp }>([
    {
      what: 'no allow-list',
      spoil: (site) => rmSync(path(site, 'list.txt')),
      setting: 'sources.allowlist',
      why: /there is no such file/,
    },
    {
      what: 'an empty allow-list',
      spoil: (site) => site.put({ 'list.txt': '' }),
      setting: 'sources.allowlist',
      why: /everybody would be refused/,
    },
    {
      what: 'an allow-list of comments',
      spoil: (site) => site.put({ 'list.txt': '# 127.0.0.1/32\n' }),
      setting: 'sources.allowlist',
      why: /everybody would be refused/,
    },
    {
      what: 'everybody in the allow-list',
      spoil: (site) => site.put({ 'list.txt': '::/0\n' }),
      setting: 'sources.allowlist',
      why: /too broad/,
    },
    {
      what: 'a directory for an allow-list',
      spoil: (site) => {
        rmSync(path(site, 'list.txt'))
        mkdirSync(path(site, 'list.txt'))
      },
      setting: 'sources.allowlist',
      why: /regular file|directory/,
    },
    {
      what: 'no anchor file',
      spoil: (site) => rmSync(path(site, 'meta.pem')),
      setting: 'client.anchors[0].file',
      why: /there is no such file/,
    },
    {
      what: 'an empty anchor file',
      spoil: (site) => site.put({ 'meta.pem': '' }),
      setting: 'client.anchors[0].file',
      why: /the file is empty/,
    },
    {
      what: 'a leaf for an anchor',
      spoil: (site) => site.put({ 'meta.pem': site.pki.client.leaf.certificate }),
      setting: 'client.anchors[0].file',
      why: /not a CA certificate/,
    },
    {
      what: 'no anchor',
      spoil: (site) => site.configure((yaml) => yaml.replace(/anchors:\n.*\n/, 'anchors: []\n')),
      setting: 'client.anchors',
      why: /every client would be refused/,
    },
    {
      what: 'no common name',
      spoil: (site) => site.configure((yaml) => yaml.replace('require: always', 'commonNames: []')),
      setting: 'client.commonNames',
      why: /every client would be refused/,
    },
    {
      what: 'no secret',
      spoil: (site) => site.configure((yaml) => yaml.replace('"${file:files/secret}"', '')),
      setting: 'apps.shop.secrets',
      why: /no delivery could be verified/,
    },
    {
      what: 'an empty secret',
      spoil: (site) => site.put({ secret: '\n' }),
      setting: 'apps.shop.secrets[0]',
      why: /./,
    },
    {
      what: 'a secret of 15 characters',
      spoil: (site) => site.put({ secret: '123456789012345' }),
      setting: 'apps.shop.secrets[0]',
      why: /16 characters/,
    },
    {
      what: 'a secret of blanks',
      spoil: (site) => site.put({ secret: ' '.repeat(32) }),
      setting: 'apps.shop.secrets[0]',
      why: /./,
    },
    {
      what: 'no file for the secret',
      spoil: (site) => rmSync(path(site, 'secret')),
      setting: 'apps.shop.secrets[0]',
      why: /no such file/,
    },
    {
      what: 'no certificate',
      spoil: (site) => rmSync(path(site, 'server.pem')),
      setting: 'tls.certificate',
      why: /there is no such file/,
    },
    {
      what: 'no key',
      spoil: (site) => rmSync(path(site, 'server.key')),
      setting: 'tls.key',
      why: /there is no such file/,
    },
    {
      what: 'a key of another certificate',
      spoil: (site) => site.put({ 'server.key': site.pki.client.key }),
      setting: 'tls.key',
      why: /does not fit tls\.certificate/,
    },
    ...(isRoot
      ? []
      : ['list.txt', 'meta.pem', 'server.pem', 'server.key'].map((name) => ({
          what: `${name} unreadable`,
          spoil: (site: Site) => chmodSync(path(site, name), 0),
          setting:
            {
              'list.txt': 'sources.allowlist',
              'meta.pem': 'client.anchors[0].file',
              'server.pem': 'tls.certificate',
              'server.key': 'tls.key',
            }[name] ?? '',
          why: /may not be read by this user/,
        }))),
  ])('$what', async ({ spoil, setting, why }) => {
    const site = await plainSite()
    expect(await problems(site)).toEqual([])
    spoil(site)
    const [first, ...rest] = await problems(site)
    expect(first?.startsWith(`${setting}: `), first).toBe(true)
    expect(first).toMatch(why)
    expect(rest).toEqual([])
  })
})
