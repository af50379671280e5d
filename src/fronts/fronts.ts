// The fronts by their names in hubgate.yaml (`listen.front`); `direct` is none.
import type { Front as FrontName } from '../config/config.ts'
import { albPassthrough } from './alb-passthrough.ts'
import { albVerify } from './alb-verify.ts'
import { cloudflare } from './cloudflare.ts'
import { envoy } from './envoy.ts'
import type { Front } from './front.ts'
import { haproxy } from './haproxy.ts'
import { nginx } from './nginx.ts'
import { rfc9440 } from './rfc9440.ts'

export const FRONTS: Readonly<Record<Exclude<FrontName, 'direct'>, Front>> = {
  nginx,
  'alb-verify': albVerify,
  'alb-passthrough': albPassthrough,
  envoy,
  haproxy,
  cloudflare,
  rfc9440,
}
