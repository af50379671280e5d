// One of several processes that serve together (`listen.workers`). Started by `hubgate serve` alone, never by people.
import { work } from '../gateway/worker.ts'
import type { ToWorker } from '../gateway/worker-messages.ts'

// The supervisor is told, by its service manager or at its terminal, and tells us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

work(
  {
    // A supervisor that is gone hears nothing; that it is gone is heard below.
    send: (message, sent) => void process.send?.(message, undefined, undefined, () => sent?.()),
    onMessage: (listener) => void process.on('message', (message) => listener(message as ToWorker)),
    onGone: (listener) => void process.once('disconnect', listener),
  },
  process.env,
  (code) => process.exit(code),
)
