// Behind an ALB that passes no leaf, the times it tells of the certificate are judged: it can be set to ignore that one expired.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { CANARY_SECRET } from '../canary.ts'
import { CLIENT, sendFronted, startFronted } from '../support/front-sender.ts'
import type { World } from '../support/world.ts'

let consumer: Consumer
let world: World
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
  world = await startFronted('alb-verify', { upstream: consumer.url })
})
afterAll(async () => {
  await world.end()
  await consumer.close()
})

it.each([
  ['NotBefore=2020-01-01T00:00:00Z;NotAfter=9999-12-31T23:59:59Z', 200, undefined],
  ['NotBefore=2020-01-01T00:00:00Z;NotAfter=2021-01-01T00:00:00Z', 403, 'CERTIFICATE_EXPIRED'],
  ['NotBefore=9998-01-01T00:00:00Z;NotAfter=9999-12-31T23:59:59Z', 403, 'CERTIFICATE_EXPIRED'],
  ['NotBefore=2020-01-01T00:00:00Z;NotAfter=2021-99-99T00:00:00Z', 403, 'FRONT_FIELDS_INVALID'],
])('%s: %i', async (validity, status, code) => {
  const { answers, localPort } = await sendFronted(world, [
    ['X-Amzn-Mtls-Clientcert-Serial-Number', '4A'],
    ['X-Amzn-Mtls-Clientcert-Issuer', 'CN=Lab'],
    ['X-Amzn-Mtls-Clientcert-Subject', 'CN=client.webhooks.fbclientcerts.com'],
    ['X-Amzn-Mtls-Clientcert-Validity', validity],
    ['X-Forwarded-For', CLIENT],
  ])
  expect(answers[0]?.status).toBe(status)
  const record = await world.record(({ peerPort }) => peerPort === localPort)
  expect(record.code).toBe(code)
})
