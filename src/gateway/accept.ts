// Which first phase a connection goes through: who may speak for whom is said by `listen.front` and `listen.proxyProtocol`.
import type { Config } from '../config/config.ts'
import { acceptConnection } from './connection-phase.ts'
import { acceptFronted } from './front-phase.ts'
import { acceptProxied } from './proxy-phase.ts'

export function acceptorOf({ front, proxyProtocol }: Config['listen']) {
  if (front !== 'direct') return acceptFronted
  return proxyProtocol === 'required' ? acceptProxied : acceptConnection
}
