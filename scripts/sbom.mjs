// Prints what hubgate is made of at run time, as CycloneDX 1.5 JSON: `node scripts/sbom.mjs > hubgate.cdx.json`.
// From package.json and package-lock.json alone, without time or chance: the same lock file gives the same bytes.
import { readFileSync } from 'node:fs'

const read = (name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'))
const manifest = read('package.json')
const { packages } = read('package-lock.json')

const graph = reachable()
const paths = [...graph.keys()].filter((path) => path !== '').sort(byName)
const components = paths.map(component)
const document = {
  $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
  bomFormat: 'CycloneDX',
  specVersion: '1.5',
  version: 1,
  metadata: {
    lifecycles: [{ phase: 'pre-build' }],
    component: {
      type: 'application',
      'bom-ref': reference(''),
      name: manifest.name,
      version: manifest.version,
      description: manifest.description,
      licenses: licences(manifest.license),
      purl: purl(manifest.name, manifest.version),
    },
  },
  components,
  dependencies: ['', ...paths].map((path) => ({
    ref: reference(path),
    dependsOn: [...new Set(graph.get(path).map(reference))].sort(inOrder),
  })),
}
process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`)

/** Every package that hubgate's own dependencies lead to, by its path in node_modules, with the paths it depends on. */
function reachable() {
  const found = new Map()
  const visit = (path) => {
    if (found.has(path)) return
    const { dependencies, optionalDependencies, peerDependencies } = packages[path]
    const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })
    // One that is optional may be missing; npm ci would have refused any other.
    const targets = names.map((name) => located(path, name)).filter((target) => target !== undefined)
    found.set(path, targets)
    for (const target of targets) visit(target)
  }
  visit('')
  return found
}

/** As Node looks for it: in its own node_modules, then in each one around it. */
function located(path, name) {
  for (let base = path; ; base = around(base)) {
    const candidate = `${base}${base === '' ? '' : '/'}node_modules/${name}`
    if (packages[candidate] !== undefined) return candidate
    if (base === '') return undefined
  }
}

function around(path) {
  return path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/')))
}

function component(path) {
  const { version, integrity, license } = packages[path]
  const name = nameOf(path)
  return {
    type: 'library',
    'bom-ref': reference(path),
    name,
    version,
    scope: 'required',
    hashes: hashes(integrity),
    licenses: licences(license),
    purl: purl(name, version),
  }
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

function reference(path) {
  return path === '' ? `${manifest.name}@${manifest.version}` : `${nameOf(path)}@${packages[path].version}`
}

function purl(name, version) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

// SHA-512 in base64 is what npm verifies a download by.
function hashes(integrity = '') {
  return integrity
    .split(' ')
    .filter((part) => part.startsWith('sha512-'))
    .map((part) => ({
      alg: 'SHA-512',
      content: Buffer.from(part.slice('sha512-'.length), 'base64').toString('hex'),
    }))
}

function licences(text) {
  if (text === undefined) return []
  return / (?:OR|AND|WITH) |^\(/.test(text) ? [{ expression: text }] : [{ license: { id: text } }]
}

function byName(a, b) {
  return inOrder(reference(a), reference(b))
}

function inOrder(a, b) {
  return a < b ? -1 : a > b ? 1 : 0
}
