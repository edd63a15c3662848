/**
 * What a job left, as one document to be signed: every file of every attempt that counts, with its SHA-256. Made once a round, when the
 * job has ended, from records and evidence alone, so that whoever makes it again makes the same bytes.
 */
import * as z from 'zod';
import { Instant, JobId, TaskId } from '../contracts/ids.ts';
import { VERDICTS } from '../finding/coverage.ts';
import { type StoredObject, taskOfAttempt } from '../finding/results.ts';
import { SCANNER_NAMES } from '../scanner/definition.ts';
import { TERMINAL_STATUSES } from '../status.ts';
import { canonicalJson } from './canonical-json.ts';

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');

/** Under an attempt's prefix. Whoever keeps the files makes paths of these names: nothing in them may lead elsewhere. */
const FileName = z
  .string()
  .regex(/^(raw\/)?[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'must be the name of a result file, as in raw/nmap.xml.gz');

const ManifestTask = z.strictObject({
  taskId: TaskId,
  scanner: z.enum(SCANNER_NAMES),
  status: z.enum(TERMINAL_STATUSES),
  /** The attempt whose files count; 0 for a task that no worker ever had. */
  attempt: z.int().min(0),
  /** In order of their names; none of a task that ended without a result. */
  files: z.array(z.strictObject({ name: FileName, bytes: z.int().min(0), sha256: Sha256 })),
});
export type ManifestTask = z.output<typeof ManifestTask>;

/** Says what was signed, so that a signature over something else never passes for one over a manifest. */
const TYPE = 'scanfleet-evidence-manifest';

export const Manifest = z.strictObject({
  type: z.literal(TYPE),
  version: z.literal(1),
  jobId: JobId,
  tenant: z.string(),
  round: z.int().min(1),
  status: z.enum(TERMINAL_STATUSES),
  verdict: z.enum(VERDICTS).nullable(),
  createdAt: Instant,
  finishedAt: Instant.optional(),
  tasks: z.array(ManifestTask),
});
export type Manifest = z.output<typeof Manifest>;

/** The bytes that are signed. */
export const manifestText = (manifest: Omit<Manifest, 'type' | 'version'>): string =>
  canonicalJson({ type: TYPE, version: 1, ...manifest });

/** The files a manifest names, by their path below the job's results: `0001/2/raw/nmap.xml.gz` is of attempt 2 of task 0001. */
export const filesOf = ({ tasks }: Pick<Manifest, 'tasks'>): ReadonlyMap<string, StoredObject> =>
  new Map(
    tasks.flatMap(({ taskId, attempt, files }) =>
      files.map(({ name, bytes, sha256 }) => [`${taskOfAttempt(taskId, attempt)}${name}`, { bytes, sha256 }]),
    ),
  );

/** The part of an `evidence.json` that a manifest is made from. */
export const AttemptEvidence = z.object({
  jobId: JobId,
  taskId: TaskId,
  attempt: z.int().min(1),
  files: z.record(FileName, z.object({ bytes: z.int().min(0), sha256: Sha256 })),
});
export type AttemptEvidence = z.output<typeof AttemptEvidence>;
