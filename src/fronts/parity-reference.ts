// docs/parity.md, made from the differences in differences.ts.
import { DIFFERENCES, type Difference, type Outcome, WAYS } from './differences.ts'

const INTRODUCTION = `# Parity of the ways in

<!-- Generated from src/fronts/differences.ts by \`npm run docs\`. Do not edit. -->

One table of cases, good and bad (deliveries, certificates, addresses, handshakes, requests, forged fields, challenges, signatures), is
played on every way in, by \`test/parity/parity.test.ts\`. Each has the same verdict and code everywhere, by hubgate's own records, but
for the differences below. Nothing refused reaches the consumer, and a good delivery right behind it passes.

What the direct front refuses is admitted elsewhere in two cases: a front wrote anew a request that was not written as it should be, and
hubgate judged the new one; or a leaf's intermediate is an anchor there. Where a connection is closed on the direct front before HTTP is
read, hubgate answers 403 behind a front that ends TLS: see [refusals](refusals.md).`

const NO_CASES = `*Not sent*: the case makes no sense there. *The front closes*, *the front answers*: it refuses by itself, and has the
only record.`

/** The whole page. */
export function parityReference(): string {
  const ways = Object.entries(WAYS).map(([name, how]) => `| \`${name}\` | ${how} |`)
  const differences = Object.values(DIFFERENCES).map(row)
  const parts = [
    INTRODUCTION,
    `| way | how |\n| --- | --- |\n${ways.join('\n')}`,
    `## Differences\n\n${NO_CASES}`,
    `| what comes | direct | where | there | why |\n| --- | --- | --- | --- | --- |\n${differences.join('\n')}`,
  ]
  return `${parts.join('\n\n')}\n`
}

function row({ what, ways, direct, there, why }: Difference): string {
  const where = ways.map((way) => `\`${way}\``).join(', ')
  return `| ${what} | ${direct.map(shown).join(', ')} | ${where} | ${there.map(shown).join(', ')} | ${why} |`
}

function shown(outcome: Outcome): string {
  return /^[A-Z]/.test(outcome) ? `\`${outcome}\`` : outcome
}
