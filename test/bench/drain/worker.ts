/**
 * The scan worker as a process of its own, with a scanner that does nothing, for the drain benchmark. Its calls are counted, and those of
 * each task recorded in a file if an argument names one. Tells its parent what it counted when it ends.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { buildDeps } from '#containers/scan-worker/build-deps.ts';
import { Env } from '#containers/scan-worker/env.ts';
import { jobWorkReader } from '#containers/scan-worker/job-work.ts';
import { workLoop } from '#containers/scan-worker/loop.ts';
import { runMessage } from '#containers/scan-worker/run-task.ts';
import { shutdownSignal } from '#containers/scan-worker/shutdown.ts';
import { dynamoDbClient, s3Client, sqsClient } from '#shared/aws/clients.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { policyFile } from '#shared/aws/policy-file.ts';
import { s3Results } from '#shared/aws/results.ts';
import { sqsTaskQueue } from '#shared/aws/task-queue.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { TEST_CREDENTIALS } from '#test/support/emulators.ts';
import { stubScanner } from '#test/support/stub-scanner.ts';
import { emptyTally, type RecordedCall, task, watchCalls } from './calls.ts';
import type { Told } from './figures.ts';

const [, , file] = process.argv;
const env = parseEnv(Env);
const limits = limitsFromEnv(environment());
const clients = {
  dynamodb: dynamoDbClient(TEST_CREDENTIALS),
  sqs: sqsClient(TEST_CREDENTIALS),
  s3: s3Client(TEST_CREDENTIALS),
};
const tally = emptyTally();
watchCalls(clients, tally);

const nowhere = async () => undefined;
const now = () => new Date();
const jobs = dynamoJobStore({ client: clients.dynamodb, table: env.JOB_TABLE, limits, now });
const results = s3Results(clients.s3, env.RESULTS_BUCKET);
const queue = sqsTaskQueue(clients.sqs, { small: env.TASK_QUEUE_URL_SMALL, large: env.TASK_QUEUE_URL_LARGE });
const recorded: RecordedCall[][] = [];
const polls: RecordedCall[] = [];

/** A poll that brought something is recorded as the first call of the task that is worked on next. */
const receive: typeof queue.receive = async (...args) => {
  const calls: RecordedCall[] = [];
  const messages = await task.run(calls, () => queue.receive(...args));
  if (messages.length > 0) polls.push(...calls);
  return messages;
};

const scanner = stubScanner({ command: () => ({ file: 'true', args: [] }) });
const deps = {
  ...buildDeps(env, limits, TEST_CREDENTIALS),
  jobs,
  queue: { ...queue, receive },
  results,
  work: jobWorkReader({ jobs, results }),
  policy: policyFile({ results, now, loopback: env.LOOPBACK_TARGETS }),
  scanners: new Map([[scanner.name, scanner]]),
  events: { jobSubmitted: nowhere, jobFinished: nowhere, reportRequested: nowhere, targetsDenied: nowhere },
};

const shutdown = shutdownSignal(process, limits, deps.log);
const run: typeof runMessage = (...args) => {
  if (file === undefined) return runMessage(...args);
  const calls = polls.splice(0);
  recorded.push(calls);
  return task.run(calls, () => runMessage(...args));
};
const cpuBefore = process.cpuUsage();
await workLoop({ ...deps, run: (message) => run(deps, message, shutdown) }, shutdown);
const { user, system } = process.cpuUsage(cpuBefore);
if (file !== undefined) writeFileSync(file, recorded.map(lineOf).join(''));
const told: Told = { tally, cpuMs: (user + system) / 1_000 + cpuMsOfChildren() };
process.send?.(told, () => process.exit(0));

/**
 * One line a task. What lost a race then could win it in a repetition, and all that follows would differ: it is left out. So is the SDK's
 * own token, which would make the repetition the same request.
 */
function lineOf(calls: readonly RecordedCall[]): string {
  const done = calls.filter(({ ok }) => ok);
  return `${JSON.stringify(done.map((call) => ({ ...call, input: { ...call.input, ClientRequestToken: undefined } })))}\n`;
}

/** Of the scanners: proc_pid_stat(5), fields 16 and 17, in hundredths of a second (sysconf(3), _SC_CLK_TCK). */
function cpuMsOfChildren(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[13]) + Number(fields[14])) * 10;
}
