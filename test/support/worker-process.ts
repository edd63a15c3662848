/**
 * The worker as a process of its own with the stub scanner, which does what the arguments say (fake-scanner.ts), or without arguments with
 * the real ones, and events that go nowhere.
 */
import { buildDeps } from '#containers/scan-worker/build-deps.ts';
import { Env } from '#containers/scan-worker/env.ts';
import { workLoop } from '#containers/scan-worker/loop.ts';
import { runMessage } from '#containers/scan-worker/run-task.ts';
import { shutdownSignal } from '#containers/scan-worker/shutdown.ts';
import { parseEnv } from '#shared/env.ts';
import { TEST_CREDENTIALS } from './emulators.ts';
import { fakeScanner } from './fake-scanner.ts';
import { TEST_LIMITS } from './fleet.ts';
import { silentLog } from './silent-log.ts';
import { stubScanner } from './stub-scanner.ts';

const steps = process.argv.slice(2);
const scanner = stubScanner({ command: () => fakeScanner(...steps) });
const nowhere = async () => undefined;
const built = buildDeps(parseEnv(Env), TEST_LIMITS, TEST_CREDENTIALS);
const deps = {
  ...built,
  scanners: steps.length > 0 ? new Map([[scanner.name, scanner]]) : built.scanners,
  events: { jobSubmitted: nowhere, jobFinished: nowhere, reportRequested: nowhere, targetsDenied: nowhere },
  log: silentLog,
  record: () => undefined,
};
const shutdown = shutdownSignal(process, TEST_LIMITS, silentLog);
await workLoop({ ...deps, run: (message) => runMessage(deps, message, shutdown) }, shutdown);
process.exit(0);
