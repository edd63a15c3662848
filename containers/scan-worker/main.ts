/**
 * The scan worker: claims tasks from its queue, scans, reports, and ends when there is nothing to do or it is told to. Exit codes: 0 idle, or
 * shut down with every task given back; 1 settings that cannot be used, no time left to give tasks back, or a second signal.
 * Entry file: the work is in loop.ts.
 */
import { containerCredentials } from '#shared/aws/container-credentials.ts';
import { environment, parseEnv } from '#shared/env.ts';
import { limitsFromEnv } from '#shared/limits.ts';
import { buildDeps } from './build-deps.ts';
import { readCredentialsSource } from './credentials.ts';
import { Env } from './env.ts';
import { showLife } from './liveness.ts';
import { workLoop } from './loop.ts';
import { runMessage } from './run-task.ts';
import { shutdownSignal } from './shutdown.ts';

const limits = limitsFromEnv(environment());
const env = parseEnv(Env);
const deps = buildDeps(env, limits, containerCredentials(readCredentialsSource()));
const shutdown = shutdownSignal(process, limits, deps.log);
if (env.LIVENESS_FILE !== undefined) showLife(env.LIVENESS_FILE, deps.log);
deps.log.info('worker started', { size: deps.size });
const why = await workLoop({ ...deps, run: (message) => runMessage(deps, message, shutdown) }, shutdown);
deps.log.info('worker ended', { why });
process.exit(0);
