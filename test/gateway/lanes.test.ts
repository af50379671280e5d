// Whatever the fast lane takes, the general lane takes with the same bytes at the upstream and the same answers and records:
// a bounded number of generated streams here, any number with `npm run fuzz`.
import { expect, it } from 'vitest'
import { campaign, missing } from '../fuzz/campaign.ts'
import { disagreementText, share } from '../fuzz/report.ts'

it('both lanes say and do the same on generated streams, of every class of input', async () => {
  const tally = await campaign({ streams: 8_000, seed: 1 })
  expect(tally.disagreement === undefined ? '' : disagreementText(tally.disagreement)).toBe('')
  expect(tally.streams).toBe(8_000)
  expect(missing(tally)).toEqual([])
  expect(share(tally)).toBeGreaterThan(0.3)
}, 120_000)
