// One state of the whole as several processes share it: whoever prepares from it gets the same generation.
import type { Config } from '../config/config.ts'
import { type KeptFiles, keptFiles } from '../config/file-view.ts'

export interface Snapshot {
  readonly generation: number
  /** Dates are judged by this. */
  readonly now: Date
  /** hubgate.yaml. */
  readonly file: string
  readonly files: KeptFiles
  /** How many workers share the limits. */
  readonly workers: number
}

/** Of the files that were kept so far: none where nobody else prepares from it. */
export function snapshotOf(
  { file = '' }: Config,
  { generation, workers, now }: Pick<Snapshot, 'generation' | 'workers' | 'now'>,
): Snapshot {
  return { generation, workers, now, file, files: keptFiles() }
}
