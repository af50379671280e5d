// Gateways in a process of their own, as they are and weakened, of which a test gets sessions. Tells their ports, and every
// session that it keeps by its id; ends with the process that started it.
import { createGateway } from '../../../src/gateway/create.ts'
import { type Weakening, weaken } from '../../support/sessions.ts'
import { plainConfig, portOf } from '../../support/world.ts'

const [directory = '', upstream = '', sessionIdContext = '', keys = ''] = process.argv.slice(2)

class ToldStore extends Map<string, Buffer> {
  override set(id: string, session: Buffer): this {
    process.send?.({ id, session: session.toString('base64') })
    return super.set(id, session)
  }
}

async function start(weakening: Weakening | undefined): Promise<number> {
  const gateway = await createGateway(plainConfig(directory, { upstream }), { log: () => {} })
  await gateway.listen()
  if (weakening !== undefined) weaken({ gateway }, weakening)
  return portOf(gateway)
}

process.on('disconnect', () => process.exit())
const ticketKeys = Buffer.from(keys, 'hex')
process.send?.({
  whole: await start(undefined),
  ticket: await start({ tickets: true, ticketKeys, sessionIdContext }),
  id: await start({ store: new ToldStore(), sessionIdContext }),
})
