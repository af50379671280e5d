// Attacks with certificates that any customer of the same authority could get: all good, but another's name.
import { type LeafOptions, META_CLIENT_NAME } from '../pki/authorities.ts'
import { type Attack, closed } from './attack.ts'
import { present } from './identity.ts'

const OTHER = 'client.customer.example'

export const commonNameAttacks: readonly Attack[] = [
  named('other-name', "another customer's name", OTHER),
  named('name-suffix', 'the right name with .evil.example behind it', `${META_CLIENT_NAME}.evil.example`),
  named('name-prefix', 'the right name with evil- before it', `evil-${META_CLIENT_NAME}`),
  named('name-case', 'the right name in capitals', META_CLIENT_NAME.toUpperCase()),
  named('name-dot', 'the right name with a dot at its end', `${META_CLIENT_NAME}.`),
  named('name-space', 'the right name with a space at its end', `${META_CLIENT_NAME} `),
  named('name-wildcard', 'a wildcard that covers the right name', '*.webhooks.fbclientcerts.com'),
  named('name-any-character', 'X where the right name has a dot', META_CLIENT_NAME.replace('.', 'X')),
  named('name-nul', 'the right name, NUL, .evil.example', `${META_CLIENT_NAME}\0.evil.example`),
  named('name-look-alike', 'the right name with a Cyrillic e', META_CLIENT_NAME.replace('e', '\u0435')),
  odd('name-in-o', 'another name, the right one as organisation', {
    commonNames: [OTHER],
    before: [{ type: 'O', value: META_CLIENT_NAME }],
  }),
  odd('name-injected', 'another name, an organisation that spells a line CN=…', {
    commonNames: [OTHER],
    before: [{ type: 'O', value: `x\nCN=${META_CLIENT_NAME}` }],
  }),
  odd('name-in-ou', 'another name, OU=CN=… as one value', {
    commonNames: [OTHER],
    after: [{ type: 'OU', value: `CN=${META_CLIENT_NAME}` }],
  }),
  odd('name-in-rdn', 'another name, the right one in the same RDN as an OU', {
    commonNames: [OTHER],
    after: [{ type: 'OU', value: META_CLIENT_NAME, joined: true }],
  }),
  odd('name-in-san', 'another name, the right one as alternative name', {
    commonNames: [OTHER],
    altNames: [META_CLIENT_NAME],
  }),
  odd('name-in-email', 'another name, the right one as e-mail address', {
    commonNames: [OTHER],
    after: [{ type: 'email', value: META_CLIENT_NAME }],
  }),
]

function named(id: string, title: string, name: string): Attack {
  return odd(id, title, { commonNames: [name] })
}

function odd(id: string, title: string, leaf: LeafOptions): Attack {
  return {
    id,
    title,
    chapter: 'common name',
    gate: 'common-name',
    expect: closed('COMMON_NAME_MISMATCH'),
    needs: 'authorities',
    send: (context) => {
      if (context.authorities === undefined) throw new Error(`${id} needs the lab's authorities`)
      return present(context, context.authorities.meta.client(leaf))
    },
  }
}
