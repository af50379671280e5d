// Every command but `serve`, which is loaded without them: a gateway that runs for months has no use for the lab's
// certificate authority, the sender and the like, and would keep them in memory all that time.
import type { Command } from 'commander'
import { registerAllowlistCheck } from './allowlist-check.ts'
import { registerAllowlistDiff } from './allowlist-diff.ts'
import { registerAllowlistExport } from './allowlist-export.ts'
import { registerAllowlistRefresh } from './allowlist-refresh.ts'
import { registerAllowlistShow } from './allowlist-show.ts'
import { registerAnchorAdd } from './anchor-add.ts'
import { registerAnchorCrl } from './anchor-crl.ts'
import { registerAnchorInspect } from './anchor-inspect.ts'
import { registerAnchorList } from './anchor-list.ts'
import { registerAnchorPromote } from './anchor-promote.ts'
import { registerAnchorRehearse } from './anchor-rehearse.ts'
import { registerAnchorRetire } from './anchor-retire.ts'
import { registerCertificateCheck } from './certificate-check.ts'
import { registerConfigCheck } from './config-check.ts'
import { registerConfigSchema } from './config-schema.ts'
import { registerConfigShow } from './config-show.ts'
import { registerFront } from './front.ts'
import { registerHealth } from './health.ts'
import { registerInit } from './init.ts'
import { registerLab } from './lab.ts'
import { registerReload } from './reload.ts'
import { registerSend } from './send.ts'
import { registerSign } from './sign.ts'
import { registerUnbuilt } from './unbuilt.ts'
import { registerVerify } from './verify.ts'

export function registerTools(program: Command): void {
  // Subcommands take over what is set above when they are made.
  const config = program.command('config').description('check and show the configuration')
  const anchor = program
    .command('anchor')
    .description('trust anchors: what a client certificate must lead to')
  const certificate = program.command('certificate').description('the certificate that Meta sees')
  const allowlist = program.command('allowlist').description('the list of source addresses')
  const front = program.command('front').description('configurations for what stands in front of hubgate')

  registerInit(program)
  registerLab(program)
  registerReload(program)
  registerHealth(program)
  registerSend(program)
  registerSign(program)
  registerVerify(program)
  registerConfigCheck(config)
  registerConfigShow(config)
  registerConfigSchema(config)
  registerAnchorList(anchor)
  registerAnchorInspect(anchor)
  registerAnchorAdd(anchor)
  registerAnchorPromote(anchor)
  registerAnchorRetire(anchor)
  registerAnchorCrl(anchor)
  registerAnchorRehearse(anchor)
  registerCertificateCheck(certificate)
  registerAllowlistRefresh(allowlist)
  registerAllowlistShow(allowlist)
  registerAllowlistCheck(allowlist)
  registerAllowlistDiff(allowlist)
  registerAllowlistExport(allowlist)
  registerFront(front)
  registerUnbuilt(program)
}
