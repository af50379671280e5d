// docs/fronts.md, made from the fronts themselves: the fields that each has to set.
import { FRONTS } from './fronts.ts'

const INTRODUCTION = `# The fields of fronts

<!-- Generated from src/fronts by \`npm run docs\`. Do not edit. -->

With \`listen.front\` set, somebody else ends TLS and tells hubgate of the client in these fields of each request. They are believed from
\`listen.trustedPeers\` alone: everybody else is reset before a byte is read. What is missing, doubled (in any case), spelled with an
underscore, or malformed is FRONT_FIELDS_INVALID. What stands in them never reaches
your service: it gets hubgate's own words. How to set a front up: [deploy.md](deploy.md).
`

/** The whole page. */
export function frontsReference(): string {
  const sections = Object.entries(FRONTS).map(([name, { fields }]) =>
    [
      `## \`${name}\``,
      '',
      '| field | holds |',
      '| --- | --- |',
      ...fields.map(({ name: field, holds }) => `| \`${field}\` | ${holds.replaceAll('|', '\\|')} |`),
    ].join('\n'),
  )
  return `${[INTRODUCTION.trimEnd(), ...sections].join('\n\n')}\n`
}
