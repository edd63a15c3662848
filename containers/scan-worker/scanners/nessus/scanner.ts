/** nessus: weaknesses of hosts, found by a Nessus server of the deployment, which a run of ours drives through its API. */
import { join } from 'node:path';
import type { ScanfleetError } from '#shared/errors.ts';
import type { Scanner, ScanRun } from '../../scanner.ts';
import { nessusCoverage } from './coverage.ts';
import { nessusOutcome } from './outcome.ts';
import { nessusParser } from './parse.ts';
import { lookAtPool, type PoolDeps, publishPool, worthTellingOf } from './pool.ts';
import { nessusProgress } from './progress.ts';
import { runOnNessus } from './run.ts';
import { textTargets } from './targets.ts';

const RAW_NAME = 'nessus.nessus';
/** A look at all instances must be over before anybody loses patience with the task. */
const CHECK_MS = 30_000;

export function nessusScanner(deps: PoolDeps): Scanner {
  return {
    name: 'nessus',
    rawName: RAW_NAME,
    check: () => check(deps),
    groups: (targets) => (targets.length > 0 ? [targets] : []),
    command(run: ScanRun) {
      const outputFile = join(run.directory, RAW_NAME);
      return {
        argv: ['nessus', textTargets(run.targets)],
        outputFile,
        act: (work) => runOnNessus(deps, run, outputFile, work),
      };
    },
    progress: nessusProgress,
    parser: nessusParser,
    coverage: nessusCoverage,
    outcome: nessusOutcome,
  };
}

/** One instance that answers is enough. Throws what may pass: the task then comes again. */
async function check(deps: PoolDeps): ReturnType<Scanner['check']> {
  const pool = await lookAtPool(deps, AbortSignal.timeout(CHECK_MS));
  await publishPool(deps, pool);
  await pool.close();
  const { members, failures } = pool;
  if (members.length > 0) {
    const versions = members.map(({ instance, version }) => `${instance.name} ${version ?? '?'}`);
    return { available: true, version: versions.join(', ') };
  }
  const failure = worthTellingOf(failures.map(({ error }) => error));
  if (failure?.retryable) throw failure;
  return { available: false, reason: reasonOf(failures.map(({ error }) => error)) };
}

const reasonOf = (errors: readonly ScanfleetError[]): string =>
  errors.map(({ message }) => message).join('; ') || 'config/scanners.yaml names no enabled instance of it';
