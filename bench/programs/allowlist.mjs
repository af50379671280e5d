// Refreshes an allow-list from a registry, loads a long one and looks addresses up in it. Each has to give what it should.
import { readAllowList } from '../../dist/allowlist/read-list.js'
import { refreshList } from '../../dist/allowlist/refresh.js'
import { parseAddress } from '../../dist/domain/address.js'
import { prefixTable } from '../../dist/domain/prefix-table.js'
import { answer, ready } from './watched.mjs'

let table

answer({
  refresh: async ({ sources, prefixes }) => {
    const before = process.memoryUsage().rss
    const start = process.cpuUsage()
    const stored = await refreshList({
      sources,
      accept: new Set(),
      now: () => new Date(),
      retry: { sleep: async () => {}, random: () => 0 },
    })
    const { user, system } = process.cpuUsage(start)
    // Kilobytes; the peak of the process, which is that of the refresh.
    const memory = Math.max(0, process.resourceUsage().maxRSS * 1024 - before)
    const count = stored.outcome === 'stored' ? stored.prefixes.ipv4 + stored.prefixes.ipv6 : 0
    if (count !== prefixes.length) throw new Error(`the refresh gave ${count} prefixes`)
    return { refresh: user + system, memory }
  },

  load: async ({ list, size }) => {
    const start = process.cpuUsage()
    const { prefixes } = await readAllowList(list)
    table = prefixTable(prefixes)
    const { user, system } = process.cpuUsage(start)
    if (prefixes.length !== size) throw new Error(`the list gave ${prefixes.length} prefixes`)
    return user + system
  },

  // Nanoseconds of CPU time each.
  lookUp: ({ probes, milliseconds }) => {
    for (const { address, inside } of probes)
      if ((table.find(parseAddress(address)) !== undefined) !== inside)
        throw new Error(`the table is wrong about ${address}`)
    const addresses = probes.map(({ address }) => parseAddress(address))
    const expected = probes.filter(({ inside }) => inside).length
    const start = process.cpuUsage()
    let passes = 0
    let spent = 0
    // Whole passes, some at a time, so that the clock costs nothing.
    for (let batch = 1; spent < milliseconds * 1000; batch *= 2) {
      for (let pass = 0; pass < batch; pass++) {
        let hits = 0
        for (const address of addresses) if (table.find(address) !== undefined) hits += 1
        if (hits !== expected) throw new Error('the table changed its mind')
      }
      passes += batch
      const { user, system } = process.cpuUsage(start)
      spent = user + system
    }
    return (spent * 1000) / (passes * addresses.length)
  },
})
ready()
