/** Puts what an attempt found where reports look for it, under a prefix that no other attempt writes to. */
import { type CoverageEntry, countCoverage } from '#shared/finding/coverage.ts';
import {
  attemptPrefix,
  COVERAGE_FILE,
  EVIDENCE_FILE,
  type Results,
  type StoredObject,
} from '#shared/finding/results.ts';
import type { Task, TaskResult } from '#shared/task/task.ts';
import { type EvidenceFacts, evidenceOf } from './evidence.ts';
import type { ResultFile } from './result-file.ts';
import { type RetryDeps, retry } from './retry.ts';
import type { Scanned } from './scan.ts';

export interface UploadDeps extends RetryDeps {
  readonly results: Pick<Results, 'write'>;
}

export interface Upload {
  readonly task: Task;
  readonly scanned: Scanned;
  /** Of all the task's targets, scanned or not. */
  readonly coverage: readonly CoverageEntry[];
  readonly evidence: EvidenceFacts;
}

/** Uploads all files, each again when that fails; the evidence last, as it names the others. Rejects when `giveUp` is aborted meanwhile. */
export async function upload(
  deps: UploadDeps,
  { task, scanned, coverage, evidence }: Upload,
  giveUp: AbortSignal,
): Promise<TaskResult> {
  const prefix = attemptPrefix(task.tenant, task.jobId, task.taskId, task.attempt);
  const stored: Record<string, StoredObject> = {};
  for (const file of [...scanned.files, jsonFile(COVERAGE_FILE, JSON.stringify(coverage))])
    stored[file.name] = await put(deps, prefix, file, giveUp);
  await put(deps, prefix, jsonFile(EVIDENCE_FILE, evidenceOf(task, scanned, evidence, stored)), giveUp);
  return { prefix, ...scanned.findings, coverage: countCoverage(coverage) };
}

const put = (deps: UploadDeps, prefix: string, { name, open, contentType }: ResultFile, giveUp: AbortSignal) =>
  retry(deps, `upload of ${name}`, giveUp, async () =>
    deps.results.write(`${prefix}${name}`, await open(), contentType),
  );

const jsonFile = (name: string, json: string): ResultFile => {
  const bytes = Buffer.from(`${json}\n`);
  return { name, contentType: 'application/json', open: () => bytes };
};
