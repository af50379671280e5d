// What a person can paste into another terminal while the lab runs.
import { join } from 'node:path'
import { quoted } from '../domain/shell-word.ts'
import { LAB_PATH, type SetUp } from './set-up.ts'
import { paint } from './table.ts'

export interface HandOptions {
  readonly port: number
  /** How this program is called, ready for a shell. */
  readonly self: string
  readonly colours: boolean
}

/** Commands that work as they are, for a POSIX shell. */
export function handCommands(lab: SetUp, { port, self, colours }: HandOptions): string {
  const file = (name: string) => quoted(join(lab.directory, name))
  const url = `https://localhost:${port}${LAB_PATH}`
  const curl = `curl -sSi --cacert ${file('server.pem')} --cert ${file('client.pem')} --key ${file('client.key')}`
  const sign = `${self} sign ${file('delivery.json')} --secret-file ${file('app-secret')}`
  const tls = `--ca ${file('server.pem')} --cert ${file('client.pem')} --key ${file('client.key')} --secret-file ${file('app-secret')}`
  const examples: readonly (readonly [string, string])[] = [
    [
      'the challenge, as Meta asks it',
      `${curl} "${url}?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=$(cat ${file('verify-token')})"`,
    ],
    [
      'a signed delivery',
      `${curl} -H 'Content-Type: application/json' -H "X-Hub-Signature-256: $(${sign})" --data-binary @${file('delivery.json')} ${url}`,
    ],
    ['one of our own deliveries, or attacks', `${self} send ${url} ${tls} --payload batch`],
    ['what else can be sent', `${self} send --list`],
    ['the same without a client certificate: refused', `curl -sSi --cacert ${file('server.pem')} ${url}`],
  ]
  const lines = examples.flatMap(([title, command]) => ['', paint(`# ${title}`, 'cyan', colours), command])
  const secret = `The app secret is in ${join(lab.directory, 'app-secret')}: ${lab.secret}`
  return `\nThe lab keeps running. ${secret}\nTry it by hand, in another terminal (Ctrl-C here ends the lab):\n${lines.join('\n')}\n\n`
}
