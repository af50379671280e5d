// Reads vitest's JSON report and prints `PASSED FAILED`, then the files with failures, a line each. A test that did not
// run (skipped, todo) has failed.
import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
let passed = 0
let failed = 0
const files = new Set()
for (const file of report.testResults) {
  // A file that could not be loaded has no tests to count, and has failed.
  if (file.assertionResults.length === 0) count(false, file.name, file.message)
  for (const { status, fullName } of file.assertionResults)
    count(status === 'passed', file.name, `${status}: ${fullName}`)
}
console.log(passed, failed)
for (const file of files) console.log(file)

function count(isPassed, file, line) {
  if (isPassed) passed++
  else {
    failed++
    files.add(file)
    console.error(`${file}: ${line}`)
  }
}
