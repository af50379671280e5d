// `hubgate verify FILE --signature V`: 0 where a secret made this signature over these bytes, 3 where none did, and why.
import type { Command } from 'commander'
import type { Config } from '../config/config.ts'
import { type Diagnosis, type NamedSecret, diagnose } from '../domain/signature-diagnosis.ts'
import { EXIT, exitWith, print, printError, printJson, wrongUse } from './io.ts'
import { type ConfigOption, type JsonOption, loadMeant, withConfig, withJson } from './options.ts'
import { readBody } from './read-body.ts'
import { type SecretOptions, readSecrets, withSecrets } from './secrets.ts'

interface VerifyOptions extends SecretOptions, ConfigOption, JsonOption {
  readonly signature: string
}

export function registerVerify(program: Command): void {
  const command = program
    .command('verify')
    .description('check a signature; say why it does not fit')
    .argument('<file>', 'the body as raw bytes, - for standard input')
    .requiredOption('--signature <value>', 'what stood in X-Hub-Signature-256')
  withJson(withConfig(withSecrets(command)))
    .addHelpText(
      'after',
      '\nWith -c, the secrets of all apps are tried as well. Exit 0: it fits; 3: it does not.',
    )
    .action((file: string, options: VerifyOptions) => verify(file, options))
}

function verify(file: string, options: VerifyOptions): void {
  const given = readSecrets(options)
  const configured = configuredSecrets(options)
  if (given.length + configured.length === 0)
    throw wrongUse(
      'a secret to check with is needed',
      'give --secret-env NAME, --secret-file FILE, or -c FILE',
    )
  const meant = given.length > 0 ? given : configured
  const others = given.length > 0 ? configured : []
  const body = readBody(file)
  const diagnosis = diagnose({ body, field: options.signature, secrets: meant, others })
  if (options.json === true) printJson(asJson(diagnosis, body.length))
  else if (diagnosis.outcome === 'fits')
    print(`fits: ${diagnosis.secret} made it over these ${body.length} bytes`)
  else say(diagnosis, body.length)
  if (diagnosis.outcome === 'differs') exitWith(EXIT.wanting)
}

function say(diagnosis: Diagnosis & { outcome: 'differs' }, bytes: number): void {
  const [first, ...more] = diagnosis.findings
  printError(
    `the signature does not fit these ${bytes} bytes: ${first?.message ?? 'no reason found'}`,
    first?.hint,
  )
  for (const { message, hint } of more) printError(message, hint)
}

function asJson(diagnosis: Diagnosis, bytes: number) {
  return diagnosis.outcome === 'fits'
    ? { fits: true, bytes, secret: diagnosis.secret }
    : { fits: false, bytes, findings: diagnosis.findings }
}

// Only where a configuration is named: this command is about a file, and works anywhere.
function configuredSecrets(options: ConfigOption): readonly NamedSecret[] {
  const named = options.config ?? process.env['HUBGATE_CONFIG']
  return named === undefined || named === '' ? [] : secretsOf(loadMeant(options).config)
}

function secretsOf({ apps }: Config): readonly NamedSecret[] {
  return Object.entries(apps).flatMap(([app, { secrets }]) =>
    secrets.map((secret, i) => ({ name: `app ${app}, secret ${i + 1}`, secret: secret.reveal() })),
  )
}
