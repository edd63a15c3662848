/** `evidence.json`: how a result came about, for whoever must judge or repeat it. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '#shared/evidence/canonical-json.ts';
import { POLICY_KEY, type StoredObject } from '#shared/finding/results.ts';
import { SCHEMA_VERSION } from '#shared/names.ts';
import type { Unit } from '#shared/target/plan.ts';
import type { Policy } from '#shared/target/policy.ts';
import type { Task } from '#shared/task/task.ts';
import type { Scanned } from './scan.ts';
import type { ScanRun, ScanTarget } from './scanner.ts';

export interface EvidenceFacts {
  readonly worker: string;
  /** The scanner's own version. */
  readonly version: string;
  readonly options: ScanRun['options'];
  /** What else it scans by: see Scanner. */
  readonly materials: Readonly<Record<string, string>>;
  readonly policy: Policy;
  /** All that the task was given, scanned or not. */
  readonly units: readonly Unit[];
  /** Names with the addresses they had, as checked just before the run. */
  readonly targets: readonly ScanTarget[];
}

/** The document: the same text for the same facts, as its hash is signed. `files` are those stored beside it. */
export function evidenceOf(
  task: Task,
  scanned: Scanned,
  { worker, version, options, materials, policy, units, targets }: EvidenceFacts,
  files: Readonly<Record<string, StoredObject>>,
): string {
  return canonicalJson({
    schemaVersion: SCHEMA_VERSION,
    jobId: task.jobId,
    taskId: task.taskId,
    attempt: task.attempt,
    worker,
    scanner: { name: task.scanner, version },
    options,
    materials,
    policy: policyId(policy),
    targets,
    targetsSha256: targetsHash(units),
    runs: scanned.runs.map(({ argv, startedAt, endedAt, exit, summary }) => ({
      ...{ argv, startedAt, endedAt, exit, summary },
      // What the scanner itself says it did: without privileges nmap connects where it would send half-open packets.
      technique: summary.details.technique,
    })),
    outcome: scanned.outcome,
    stopped: scanned.stopped,
    files,
  });
}

/** Which file it was; without one the default policy held. */
const policyId = ({ fileSha256, loopback }: Policy) => ({ file: POLICY_KEY, sha256: fileSha256 ?? null, loopback });

/** Of what the task was to scan, as the user wrote it and as it was taken apart: for comparing with the job without trusting anybody's list. */
const targetsHash = (units: readonly Unit[]): string =>
  createHash('sha256')
    .update(canonicalJson(units.map(({ target, host }) => [target.text, host])))
    .digest('hex');
