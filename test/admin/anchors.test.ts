// GET /api/anchors: every configured anchor with what it did, as JSON, for whoever may see metrics.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { administered } from '../../src/admin/of-gateway.ts'
import { type Consumer, startConsumer } from '../../src/lab/consumer.ts'
import { CANARY_SECRET } from '../canary.ts'
import { delivery, send } from '../support/sender.ts'
import { type World, fileAnchor, startWorld } from '../support/world.ts'
import { BEARER, TOKEN, ask, started } from './ask.ts'

let world: World
let consumer: Consumer
beforeAll(async () => {
  consumer = await startConsumer({ secret: CANARY_SECRET })
  world = await startWorld({
    upstream: consumer.url,
    change: (config) => {
      const file = (name: string) => join(config.state, name)
      const from = new Date('2099-01-01T00:00:00Z')
      const anchors = [
        fileAnchor('digicert-lab', file('digicert.pem'), { from }),
        fileAnchor('meta-lab', file('meta.pem')),
      ]
      return { ...config, client: { ...config.client, anchors } }
    },
  })
  await send(world, [delivery()])
})
afterAll(async () => {
  await world.end()
  await consumer.close()
})

describe('GET /api/anchors', () => {
  it('lists them in the order of the configuration, with nulls where there is nothing to say', async () => {
    const listener = await started({ administered: administered(world.gateway) })
    const { status, headers, value } = await ask(listener, '/api/anchors')
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/json')
    const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    expect(value).toEqual([
      {
        name: 'digicert-lab',
        fingerprint: expect.stringMatching(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/),
        state: 'staged',
        from: '2099-01-01T00:00:00.000Z',
        until: null,
        notAfter: '2031-11-10T00:00:00.000Z',
        daysLeft: expect.any(Number),
        uses: 0,
        firstUsed: null,
        lastUsed: null,
        wouldAdmit: 0,
      },
      {
        name: 'meta-lab',
        fingerprint: expect.any(String),
        state: 'active',
        from: null,
        until: null,
        notAfter: '2030-12-14T00:00:00.000Z',
        daysLeft: expect.any(Number),
        uses: 1,
        firstUsed: moment,
        lastUsed: moment,
        wouldAdmit: 0,
      },
    ])
  })

  it('is for those who may see metrics', async () => {
    const listener = await started({ administered: administered(world.gateway), token: TOKEN })
    expect(await ask(listener, '/api/anchors')).toMatchObject({ status: 401 })
    expect(await ask(listener, '/api/anchors', { headers: BEARER })).toMatchObject({ status: 200 })
  })
})
