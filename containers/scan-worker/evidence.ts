/** `evidence.json`: how a result came about, for whoever must judge or repeat it. */
import { createHash } from 'node:crypto';
import type { StoredObject } from '#shared/finding/results.ts';
import { SCHEMA_VERSION } from '#shared/names.ts';
import type { Policy } from '#shared/target/policy.ts';
import type { Task } from '#shared/task/task.ts';
import type { Scanned } from './scan.ts';
import type { ScanRun, ScanTarget } from './scanner.ts';

export interface EvidenceFacts {
  readonly worker: string;
  /** The scanner's own version. */
  readonly version: string;
  readonly options: ScanRun['options'];
  readonly policy: Policy;
  /** Names with the addresses they had, as checked just before the run. */
  readonly targets: readonly ScanTarget[];
}

/** The document. `files` are those stored beside it. */
export function evidenceOf(
  task: Task,
  scanned: Scanned,
  { worker, version, options, policy, targets }: EvidenceFacts,
  files: Readonly<Record<string, StoredObject>>,
) {
  return {
    schemaVersion: SCHEMA_VERSION,
    jobId: task.jobId,
    taskId: task.taskId,
    attempt: task.attempt,
    worker,
    scanner: { name: task.scanner, version },
    options,
    policy: policyId(policy),
    targets,
    runs: scanned.runs.map(({ argv, startedAt, endedAt, exit, summary }) => ({
      argv,
      startedAt,
      endedAt,
      exit,
      summary,
    })),
    outcome: scanned.outcome,
    ...(scanned.stopped === undefined ? {} : { stopped: scanned.stopped }),
    files,
  };
}

/** The same for the same rules, however the file was laid out: SHA-256 of the policy as it was understood. */
const policyId = (policy: Policy): string =>
  createHash('sha256')
    .update(JSON.stringify(policy, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
    .digest('hex');
