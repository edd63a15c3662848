/** `npm test`: the whole gate, fast part first. Lint and types count as one check each beside the tests. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { Data } from '#cli/output.ts';
import { environment } from '#shared/env.ts';
import { type LocalProcess, startProcess } from './process.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The part of vitest's JSON report that is read: https://vitest.dev/guide/reporters#json-reporter. */
const VitestReport = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string() })),
    }),
  ),
});
type VitestReport = z.output<typeof VitestReport>;

export interface Count {
  readonly passed: number;
  readonly failed: number;
  /** Full names: by habit a test that may be skipped says why in its title. */
  readonly skipped: readonly string[];
}

/** Counts a report. A file that could not be loaded holds no tests, and counts as one that failed. */
export function countTests({ testResults }: VitestReport): Count {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const having = (...statuses: string[]) => tests.filter(({ status }) => statuses.includes(status));
  const broken = testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  );
  const passed = having('passed');
  const failed = having('failed');
  const skipped = tests.filter((test) => !passed.includes(test) && !failed.includes(test));
  return {
    passed: passed.length,
    failed: failed.length + broken.length,
    skipped: skipped.map(({ fullName }) => fullName),
  };
}

/** Runs everything, whatever fails; the last line is `N passed, N failed, N skipped`. The exit code: 0 when none failed. */
export async function runGate(output: Pick<Data, 'line' | 'write'>, signal: AbortSignal): Promise<number> {
  const check = (title: string, file: string, args: readonly string[]) => runCheck(output, signal, title, file, args);
  const lint = await check('lint', '@biomejs/biome/bin/biome', ['check']);
  const types = await check('types', 'typescript/bin/tsc', ['-p', '.']);
  const folder = await mkdtemp(join(tmpdir(), 'scanfleet-gate-'));
  try {
    const report = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const ran = await check('tests', 'vitest/vitest.mjs', ['run', ...reporters]);
    const tests = await readCount(report, ran);
    const failed = tests.failed + Number(!lint) + Number(!types);
    for (const name of tests.skipped) output.line(`skipped: ${name}`);
    output.line(
      `${tests.passed + Number(lint) + Number(types)} passed, ${failed} failed, ${tests.skipped.length} skipped`,
    );
    return failed === 0 ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** vitest can fail without a failed test (an unhandled rejection, a crash): that is a failure too. */
async function readCount(report: string, ran: boolean): Promise<Count> {
  const text = await readFile(report, 'utf8').catch(() => undefined);
  const parsed = VitestReport.safeParse(text === undefined ? undefined : JSON.parse(text));
  const count = parsed.success ? countTests(parsed.data) : { passed: 0, failed: 0, skipped: [] };
  return { ...count, failed: count.failed === 0 && !ran ? 1 : count.failed };
}

async function runCheck(
  output: Pick<Data, 'line' | 'write'>,
  signal: AbortSignal,
  title: string,
  file: string,
  args: readonly string[],
): Promise<boolean> {
  signal.throwIfAborted();
  output.line(`== ${title}`);
  const packages = join(root, 'node_modules');
  const env = Object.fromEntries(
    Object.entries(environment()).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const child: LocalProcess = await startProcess({
    file: process.execPath,
    args: [join(packages, file), ...args],
    env: { ...env, PATH: [join(packages, '.bin'), env.PATH].join(delimiter) },
    cwd: root,
    onOutput: (chunk) => void output.write(chunk),
  });
  const stop = () => void child.stop();
  signal.addEventListener('abort', stop);
  const { code } = await child.ended;
  signal.removeEventListener('abort', stop);
  return code === 0;
}
