/**
 * `npm test`: prepares what is missing, then format, lint, types, unit, integration on a practice cluster and
 * end-to-end in the real app. Every part runs even when an earlier one failed; the last line counts them all.
 * Names of parts as arguments run those alone: `npm test -- unit lint`.
 */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main, Missing, rootFolder, run, say } from './console.mjs';
import { withDisplay } from './display.mjs';
import { prepare } from './prepare.mjs';

const root = fileURLToPath(rootFolder);
const bin = (packageName, file) => join(root, 'node_modules', packageName, file);

/** A line for each test, or file that could not be run, of a report that failed: where it is, its name and the first line of why. */
function failedOf(part, { testResults }) {
  const firstLine = (text) => (text ?? '').split('\n')[0];
  return testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    const tests = assertionResults.filter((one) => one.status === 'failed');
    if (status === 'failed' && tests.length === 0) return [`${part}: ${file}: ${firstLine(message)}`];
    return tests.map((one) => `${part}: ${file} > ${one.fullName}: ${firstLine(one.failureMessages[0])}`);
  });
}

await main(async () => {
  const executable = await prepare({ display: true });
  const results = join(root, 'out', 'test');
  rmSync(results, { recursive: true, force: true });
  mkdirSync(results, { recursive: true });

  const total = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  const failedTests = [];

  const check = (name, ...commands) => ({
    name,
    async work() {
      for (const args of commands) await run(process.execPath, args, { timeoutMs: 600_000 });
      total.passed += 1;
    },
  });
  const suite = (name, timeoutMs, around = (work) => work({})) => ({
    name,
    async work() {
      const report = join(results, `${name}.json`);
      const ended = await around((env) =>
        run(
          process.execPath,
          [
            bin('vitest', 'vitest.mjs'),
            'run',
            '--project',
            name,
            '--reporter=default',
            '--reporter=json',
            `--outputFile.json=${report}`,
          ],
          { env: { ...env, SHARDBOARD_TEST_RUNTIME: executable }, timeoutMs },
        ).then(
          () => null,
          (error) => error,
        ),
      );
      let counts;
      try {
        counts = JSON.parse(readFileSync(report, 'utf8'));
      } catch {
        throw ended ?? new Missing(`${name}: no report was written`);
      }
      total.passed += counts.numPassedTests;
      total.failed += counts.numFailedTests;
      total.skipped += counts.numPendingTests + (counts.numTodoTests ?? 0);
      failedTests.push(...failedOf(name, counts));
      if (ended) {
        if (counts.numFailedTests > 0) total.failed -= 1; // counted once more below
        throw new Missing(`${counts.numFailedTests} of ${counts.numTotalTests} failed`);
      }
    },
  });

  const parts = [
    check('format', [bin('prettier', 'bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']),
    check('lint', [bin('eslint', 'bin/eslint.js'), '--max-warnings', '0', '.']),
    check(
      'types',
      [bin('typescript', 'bin/tsc'), '-p', 'tsconfig.main.json'],
      [bin('vue-tsc', 'bin/vue-tsc.js'), '-p', 'tsconfig.renderer.json'],
      [bin('vue-tsc', 'bin/vue-tsc.js'), '-p', 'tsconfig.test.json'],
    ),
    suite('unit', 900_000),
    suite('integration', 2_400_000),
    suite('e2e', 1_500_000, withDisplay),
  ];
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !parts.some((part) => part.name === name));
  if (unknown.length > 0) {
    throw new Missing(
      `there is no part called ${unknown.join(', ')}; there are ${parts.map((part) => part.name).join(', ')}.`,
    );
  }
  for (const part of parts.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    const begin = Date.now();
    say(`${part.name} ...`);
    try {
      await part.work();
      say(`${part.name}: passed in ${Math.round((Date.now() - begin) / 1000)} s`);
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      total.failed += 1;
      failures.push(part.name);
      say(
        `${part.name}: FAILED after ${Math.round((Date.now() - begin) / 1000)} s: ${error.message.split('\n')[0]}`,
      );
    }
  }
  // Once more at the end: the part that tells of them may be thousands of lines up.
  for (const line of failedTests) say(line);
  if (failures.length > 0) say(`failed: ${failures.join(', ')}`);
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  process.stdout.write(`${total.passed} passed, ${total.failed} failed${skipped}\n`);
  return total.failed > 0 ? 1 : 0;
});
