#!/usr/bin/env node
// The command line: which commands there are. Each is one file; what they share is in io.ts and options.ts.
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
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
import { endQuietlyOnClosedPipe, exitWith, rephrase, report } from './io.ts'
import { registerLab } from './lab.ts'
import { registerReload } from './reload.ts'
import { registerSend } from './send.ts'
import { registerServe } from './serve.ts'
import { registerSign } from './sign.ts'
import { registerUnbuilt } from './unbuilt.ts'
import { registerVerify } from './verify.ts'

endQuietlyOnClosedPipe()
try {
  await createProgram().parseAsync()
} catch (error) {
  exitWith(report(error))
}

function createProgram(): Command {
  const program = new Command('hubgate')
    .description('The front door for Meta webhooks.')
    .version(version(), '--version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(rephrase(text)) })
  // Subcommands take over what is set above when they are made.
  const config = program.command('config').description('check and show the configuration')
  const anchor = program
    .command('anchor')
    .description('trust anchors: what a client certificate must lead to')
  const certificate = program.command('certificate').description('the certificate that Meta sees')
  const allowlist = program.command('allowlist').description('the list of source addresses')
  const front = program.command('front').description('configurations for what stands in front of hubgate')

  registerServe(program)
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
  return program
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  const found =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : undefined
  return typeof found === 'string' ? found : 'unknown'
}
