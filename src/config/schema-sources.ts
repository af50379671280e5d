// The declaration's part about source addresses: the gate, the list, and how the list is kept.
import { z } from 'zod'
import { choice, count, duration, path, size, text } from './kinds.ts'
import { prefix } from './kinds-network.ts'
import { Malformed } from './leaf.ts'
import { parseRegistryServer } from './registry-server.ts'

const YEAR = 365 * 86_400_000

function word(looks: string, pattern: RegExp) {
  return text(looks, (value) => {
    if (!pattern.test(value)) throw new Malformed(`is not ${looks}`)
  })
}

const registry = z
  .strictObject({
    server: text('`HOST` or `HOST:PORT`', (value) => {
      if (parseRegistryServer(value) === undefined) throw new Malformed('is not `HOST` or `HOST:PORT`')
    })
      .prefault('whois.radb.net')
      .describe('The routing registry to ask. Port 43 where none is given.'),
    protocol: choice('whois', 'irrd')
      .prefault('whois')
      .describe(
        '`whois` gives whole objects. `irrd` gives bare prefixes: who registered them is not told, so **maintainers are not checked**.',
      ),
    sources: z
      .array(word('the name of a registry', /^[A-Za-z][A-Za-z0-9_-]*$/))
      .prefault(['RADB', 'RIPE'])
      .describe('The registries whose objects are asked for.'),
    origin: word('an AS number such as `AS32934`', /^AS[1-9]\d{0,9}$/)
      .prefault('AS32934')
      .describe('The origin AS. Objects of any other are dropped.'),
    maintainers: z
      .record(z.string(), z.array(word('the name of a maintainer', /^[A-Za-z][A-Za-z0-9_-]*$/)))
      .prefault({ RADB: ['MAINT-AS32934'], RIPE: ['fb-neteng', 'facebook-neteng', 'meta-mnt'] })
      .describe(
        'Registry to maintainers that are believed there: an object has to name one of them. Anyone may register an object with this origin in some registries.',
      ),
    connectTimeout: duration().prefault('10s').describe('For the connection.'),
    readTimeout: duration().prefault('30s').describe('Without a byte from the registry.'),
    totalTimeout: duration().prefault('2m').describe('For one whole answer, whatever drips in.'),
    maxAnswer: size({ min: 1024, max: 2 ** 28 })
      .prefault('32MiB')
      .describe('The largest answer. A usual one is about 1 MiB.'),
    tries: count({ min: 1, max: 10 })
      .prefault(3)
      .describe(
        'How often to ask in all, with growing waits between. What the registry denies is not asked again.',
      ),
  })
  .prefault({})
  .describe('Where the list comes from: `hubgate allowlist refresh`.')

const guards = z
  .strictObject({
    minIPv4: count({ min: 0, max: 1_000_000 }).prefault(200).describe('Route objects at least.'),
    minIPv6: count({ min: 0, max: 1_000_000 }).prefault(300).describe('Route6 objects at least.'),
    minAddresses: count({ min: 0, max: 2 ** 32 })
      .prefault(200_000)
      .describe('IPv4 addresses that the list holds, at least.'),
    maxAddresses: count({ min: 1, max: 2 ** 32 })
      .prefault(4_000_000)
      .describe('IPv4 addresses that the list holds, at most.'),
    broadestIPv4: count({ min: 8, max: 32 }).prefault(12).describe('The shortest prefix length believed.'),
    broadestIPv6: count({ min: 16, max: 128 }).prefault(24).describe('The same for IPv6.'),
    wellKnown: z
      .array(prefix('name a prefix of the operator'))
      .prefault(['31.13.64.0/18', '157.240.0.0/16', '2a03:2880::/32'])
      .describe('Prefixes that have to be inside.'),
    shrink: count({ min: 0, max: 100 })
      .prefault(30)
      .describe('Percent of the present addresses, of either family, that may go at once.'),
    growth: count({ min: 1, max: 1_000 })
      .prefault(2)
      .describe('How many times the present addresses, of either family, the new ones may be.'),
  })
  .prefault({})
  .describe('What a new list has to fulfil before it replaces the present one.')

const refresh = z
  .strictObject({
    every: duration({ min: 3_600_000, max: YEAR / 12 })
      .prefault('24h')
      .describe('From one refresh to the next, give or take a tenth.'),
  })
  .optional()
  .describe(
    'Present: the gateway refreshes the list by itself, for people without cron. A first start without a list then refuses everybody until the first refresh succeeds.',
  )

export const sources = z
  .strictObject({
    mode: choice('enforce', 'observe', 'none')
      .prefault('enforce')
      .describe(
        '`observe`: an address outside the list is recorded, not refused. `none`: the gate is off. Both are shouted at start.',
      ),
    allowlist: path()
      .optional()
      .describe(
        'The allow-list: one prefix a line, `#` begins a comment. Watched. A missing or empty one stops the start. Default: `as32934.txt` in `state`.',
      ),
    extra: z
      .array(prefix('to switch the gate off say sources.mode: none'))
      .prefault([])
      .describe('Further prefixes, beside the list.'),
    maxAge: duration({ min: 60_000, max: YEAR })
      .prefault('7d')
      .describe('From what age on the list counts as old: shouted and shown, never a reason to refuse.'),
    refresh,
    registry,
    guards,
  })
  .prefault({})
  .describe('The source address: gate 1.')
