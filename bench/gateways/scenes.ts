// The scenes, each a benchmark of its own.
import type { Benchmark } from '../benchmark.ts'
import { NAMES, type Name } from './contestant.ts'
import { SIZES } from './material.ts'
import { memoryScene } from './memory.ts'
import { good, mixed, wronglySigned } from './requests.ts'
import { scene } from './scene.ts'

/** Whoever can refuse what this is about. */
const WHOLE = NAMES.filter((name) => name !== 'floor' && name !== 'nginx, no signature')
const ONE_LANE = NAMES.filter((name) => name !== 'hubgate, general lane')
const WITH_HANDSHAKE = ['floor', 'hubgate', 'http-proxy', 'HAProxy', 'nginx, no signature'] as const
const ADDRESSES: readonly Name[] = ['hubgate', 'http-proxy', 'HAProxy', 'nginx, no signature']

export const scenes: readonly Benchmark[] = [
  scene({
    name: '1k5',
    title: 'One delivery of 1.5 KB: CPU time of the server a request',
    contestants: NAMES,
    cases: [{ name: '1.5 KB', requests: good(SIZES['1.5 KB'], 16) }],
    mode: 'kept',
    connections: 32,
    steady: true,
  }),
  scene({
    name: '64k',
    title: 'One delivery of 64 KB: CPU time of the server a request',
    contestants: NAMES,
    cases: [{ name: '64 KB', requests: good(SIZES['64 KB'], 16) }],
    mode: 'kept',
    connections: 32,
    steady: true,
  }),
  scene({
    name: '3m',
    title: 'One delivery of 3 MB: CPU time of the server a request',
    contestants: NAMES,
    cases: [{ name: '3 MB', requests: good(SIZES['3 MB'], 4) }],
    mode: 'kept',
    connections: 8,
    few: 16,
  }),
  scene({
    name: 'handshake-p256',
    title: 'A new connection and one delivery of 1.5 KB, P-256 key: CPU time of the server',
    contestants: WITH_HANDSHAKE,
    cases: [{ name: 'P-256', requests: good(SIZES['1.5 KB'], 16) }],
    mode: 'fresh',
    connections: 16,
  }),
  scene({
    name: 'handshake-rsa',
    title: 'A new connection and one delivery of 1.5 KB, RSA-2048 key: CPU time of the server',
    contestants: WITH_HANDSHAKE,
    cases: [{ name: 'RSA-2048', key: 'rsa-2048', requests: good(SIZES['1.5 KB'], 16) }],
    mode: 'fresh',
    connections: 16,
  }),
  scene({
    name: 'refused-address',
    title: 'A connection from an address outside a list of 1,000 prefixes: CPU time of the server',
    contestants: ADDRESSES,
    cases: [{ name: '1,000 prefixes', requests: wronglySigned(SIZES['1.5 KB']) }],
    mode: 'refused',
    connections: 16,
  }),
  scene({
    name: 'list',
    title: 'The same, with 1,000 and with 20,000 prefixes',
    contestants: ['hubgate', 'http-proxy', 'HAProxy'],
    cases: [
      { name: '1,000 prefixes', requests: wronglySigned(SIZES['1.5 KB']) },
      { name: '20,000 prefixes', prefixes: 20_000, requests: wronglySigned(SIZES['1.5 KB']) },
    ],
    mode: 'refused',
    connections: 16,
  }),
  scene({
    name: 'refused-signature',
    title: 'One delivery of 1.5 KB with a wrong signature: CPU time of the server',
    contestants: WHOLE,
    cases: [{ name: 'wrong signature', requests: wronglySigned(SIZES['1.5 KB']) }],
    mode: 'kept',
    connections: 32,
  }),
  scene({
    name: 'mixed',
    title: 'Deliveries of 1.5 KB, three of ten bad: CPU time of the server a request',
    contestants: WHOLE,
    cases: [{ name: '30 % bad', requests: mixed(SIZES['1.5 KB']) }],
    mode: 'kept',
    connections: 32,
  }),
  scene({
    name: 'latency',
    title: 'One connection, deliveries of 1.5 KB: median time to an answer',
    contestants: ONE_LANE,
    cases: [{ name: 'one connection', requests: good(SIZES['1.5 KB'], 16) }],
    mode: 'kept',
    connections: 1,
    figure: 'p50',
  }),
  memoryScene({
    name: 'idle-1000',
    title: 'Memory with 1,000 idle connections',
    contestants: ONE_LANE,
    connections: 1_000,
    size: SIZES['1.5 KB'],
    while: 'idle',
  }),
  memoryScene({
    name: 'inflight-64x3m',
    title: 'Memory with 64 deliveries of 3 MB under way',
    contestants: ONE_LANE,
    connections: 64,
    size: SIZES['3 MB'],
    while: 'held',
  }),
]
