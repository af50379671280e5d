// Looks addresses up in one list of prefixes, three ways. Each way first has to give the right verdict for every address.
import { BlockList, SocketAddress } from 'node:net'
import IPCIDR from 'ip-cidr'
import { parseAddress, parsePrefix } from '../../dist/domain/address.js'
import { prefixTable } from '../../dist/domain/prefix-table.js'
import { answer, ready } from './watched.mjs'

/** Addresses for a way that takes milliseconds each. */
const FEW = 100
let ways = []

answer({
  prepare: ({ prefixes, probes }) => {
    ways = waysOf(prefixes, probes)
    for (const way of ways) check(way, probes)
    return ways.map(({ name }) => name)
  },
  // One number for each way: nanoseconds of CPU time a look-up.
  round: ({ milliseconds }) => ways.map((way) => measured(way, milliseconds)),
})
ready()

function waysOf(prefixes, probes) {
  const table = prefixTable(prefixes.map(parsePrefix))
  const blockList = new BlockList()
  for (const prefix of prefixes) {
    const [network, length] = prefix.split('/')
    blockList.addSubnet(network, Number(length), familyOf(network))
  }
  // Its contains() mixes the address families, so each family gets a list of its own: that is the right way to use it.
  const cidrs = { ipv4: [], ipv6: [] }
  for (const prefix of prefixes) cidrs[familyOf(prefix)].push(new IPCIDR(prefix))

  const texts = probes.map(({ address }) => address)
  const few = texts.filter((_text, i) => i % Math.ceil(texts.length / FEW) === 0)
  const parsed = texts.map(parseAddress)
  const sockets = texts.map((address) => new SocketAddress({ address, family: familyOf(address) }))
  return [
    {
      name: 'text: prefix table',
      asked: texts,
      holds: (text) => table.find(parseAddress(text)) !== undefined,
    },
    { name: 'text: net.BlockList', asked: texts, holds: (text) => blockList.check(text, familyOf(text)) },
    {
      name: 'text: ip-cidr',
      asked: few,
      holds: (text) => cidrs[familyOf(text)].some((cidr) => cidr.contains(text)),
    },
    { name: 'read: prefix table', asked: parsed, holds: (address) => table.find(address) !== undefined },
    { name: 'read: net.BlockList', asked: sockets, holds: (address) => blockList.check(address) },
  ]
}

function check({ name, asked, holds }, probes) {
  const step = Math.ceil(probes.length / asked.length)
  for (const [i, one] of asked.entries()) {
    const { address, inside } = probes[i * step]
    if (holds(one) !== inside) throw new Error(`${name} is wrong about ${address}`)
  }
}

function measured({ name, asked, holds }, milliseconds) {
  const expected = asked.filter(holds).length
  let passes = 0
  const before = process.cpuUsage()
  let spent = 0
  // Whole passes only, so that every round asks the same; some at a time, so that the clock costs nothing.
  for (let batch = 1; spent < milliseconds * 1000; batch *= 2) {
    for (let pass = 0; pass < batch; pass++) {
      let hits = 0
      for (const one of asked) if (holds(one)) hits += 1
      if (hits !== expected) throw new Error(`${name} changed its mind`)
    }
    passes += batch
    const { user, system } = process.cpuUsage(before)
    spent = user + system
  }
  return (spent * 1000) / (passes * asked.length)
}

function familyOf(text) {
  return text.includes(':') ? 'ipv6' : 'ipv4'
}
