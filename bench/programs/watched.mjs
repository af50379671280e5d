// Preloaded into every Node process of a benchmark: answers the questions that its program adds, and ends when the benchmark is gone.
// Plain JavaScript, so that no tool runs inside what is measured.
const answers = {
  'begin profile': async (given) => (await import('./profiler.mjs')).begin(given),
  'end profile': async () => (await import('./profiler.mjs')).end(),
}

/** @param more functions by the question they answer; one may return a promise. */
export function answer(more) {
  Object.assign(answers, more)
}

/** Tells the benchmark that this program is ready. */
export function ready(told = {}) {
  process.channel.ref()
  process.send({ id: 0, told })
}

async function reply({ id, question, given }) {
  try {
    process.send({ id, told: await answers[question](given) })
  } catch (error) {
    process.send({ id, failed: error instanceof Error ? error.message : String(error) })
  }
}

// What a watched process starts inherits the preload, and has a channel of its own that is none of ours.
if (process.env.HUBGATE_BENCH_WATCHED === undefined) {
  process.env.HUBGATE_BENCH_WATCHED = '1'
  process.on('message', (message) => void reply(message))
  process.on('disconnect', () => process.exit(1))
  // The product ends when it has nothing left to do, questions or not; our own programs stay from ready() on.
  process.channel.unref()
}
