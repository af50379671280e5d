// The facts about the machine that every figure hangs on.
import { cpus, loadavg } from 'node:os'

export interface Machine {
  /** YYYY-MM-DD. */
  readonly date: string
  readonly cpu: string
  readonly cores: number
  readonly node: string
  readonly openssl: string
  readonly system: string
  /** Programs that wanted a core in the minute before: what was not ours disturbs. */
  readonly loadBefore: number
}

export function machineFacts(): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    node: process.versions.node,
    openssl: process.versions.openssl,
    system: `${process.platform} ${process.arch}`,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  }
}

export function machineText({ date, cpu, cores, node, openssl, system, loadBefore }: Machine): string {
  return `${date}, ${cpu}, ${cores} cores, ${system}, Node ${node} with OpenSSL ${openssl}, load average before: ${loadBefore}`
}
