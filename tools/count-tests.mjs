// Reads reports of the suite for `.ci/run`.
//   rerun REPORT               prints the files to run again: those with a failed test, if few tests failed
//   count NAME REPORT [AGAIN]  prints `passed failed`; to the error output, what failed in either report
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** More failures than that are no accident. */
const FEW = 5;
/** Of a failure's text. */
const LINES = 6;

/** @typedef {{ file: string, name: string, text: string }} Failure */

const [command, ...args] = process.argv.slice(2);
if (command === 'rerun') {
  const [report = ''] = args;
  const failures = read(report).failures;
  const files = failures.length > FEW ? [] : [...new Set(failures.map(({ file }) => file))];
  files.forEach((file) => console.log(file));
} else if (command === 'count') {
  count(...args);
} else {
  console.error('allowed: rerun REPORT, count NAME REPORT [AGAIN]');
  process.exitCode = 64;
}

function count(suite = '', report = '', again = '') {
  const first = read(report);
  const second = existsSync(again) ? read(again).failures : first.failures;
  const failed = first.failures.filter((one) => second.some((other) => isSame(one, other)));
  // What fails only when it runs by itself fails too.
  const added = second.filter((one) => !first.failures.some((other) => isSame(one, other)));
  const unsteady = first.failures.filter((one) => !failed.includes(one));
  for (const failure of [...failed, ...added]) tell(`FAILED in ${suite}`, failure);
  for (const failure of unsteady) tell(`UNSTEADY, failed once and passed by itself, in ${suite}`, failure);
  console.log(first.passed + unsteady.length, failed.length + added.length);
}

/** A file that could not even be loaded counts as one test that failed. */
function read(report) {
  const { testResults, numPassedTests } = JSON.parse(readFileSync(report, 'utf8'));
  const failures = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative('', name);
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (status === 'failed' && failed.length === 0) return [{ file, name: 'the file', text: message }];
    return failed.map((test) => ({ file, name: test.fullName, text: test.failureMessages.join('\n') }));
  });
  return { passed: numPassedTests, failures };
}

/** @param {Failure} one @param {Failure} other */
function isSame(one, other) {
  return one.file === other.file && (one.name === other.name || other.name === 'the file');
}

/** @param {string} what @param {Failure} failure */
function tell(what, { file, name, text }) {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*at .*(?:node_modules|new Promise)/.test(line))
    .slice(0, LINES);
  console.error([`${what}: ${file} > ${name}`, ...lines.map((line) => `  ${line}`)].join('\n'));
}
