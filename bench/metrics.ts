// What a gateway says of itself on its admin listener.
import { request } from 'node:http'

/** Milliseconds for an answer. */
const ANSWERS_WITHIN = 5_000

export function metricsAt(socketPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/metrics', timeout: ANSWERS_WITHIN }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => (text += part))
      response.once('end', () => resolve(text))
      response.once('error', reject)
    })
    asked.once('timeout', () => asked.destroy(new Error('the admin listener does not answer')))
    asked.once('error', reject)
    asked.end()
  })
}

/** Every figure of one name: workers may each have their own. */
export function figuresOf(metrics: string, name: string): number[] {
  return metrics.split('\n').flatMap((line) => {
    const [what = '', figure] = line.split(' ')
    return what === name || what.startsWith(`${name}{`) ? [Number(figure)] : []
  })
}
