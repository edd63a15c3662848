/** The port of the object store, and where everything lies in it. */

export interface StoredObject {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export interface ObjectInfo {
  readonly bytes: number;
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
}

export interface Results {
  /** Streams `body` (multipart when large); constant memory. Repeats what failed; a stream is read once. `metadata` goes with it. */
  write(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    contentType: string,
    metadata?: Readonly<Record<string, string>>,
  ): Promise<StoredObject>;
  /** The object's bytes, from `start` to `end` (both inclusive, as in an HTTP Range) when given; a broken read goes on at its byte with If-Match. NotFoundError `object_missing`. */
  read(key: string, range?: { start: number; end?: number }): AsyncIterable<Uint8Array>;
  /** Writes an object that is not there yet. False: there is one, which stays as it is. */
  create(key: string, body: Uint8Array, contentType: string): Promise<boolean>;
  head(key: string): Promise<ObjectInfo | undefined>;
  /** Up to `limit` objects under a prefix, in order of their keys, from behind the key `after` on. `more`: there are further ones. */
  list(prefix: string, limit: number, after?: string): Promise<{ objects: readonly ListedObject[]; more: boolean }>;
  /** Deletes everything under a prefix. */
  removeAll(prefix: string): Promise<void>;
}

export interface Signer {
  /** A GET link that needs no credentials and dies at `expiresAt`. */
  presignDownload(
    key: string,
    options: { fileName: string; contentType: string; expiresSeconds: number },
  ): Promise<{ url: string; expiresAt: string }>;
  /**
   * A PUT link likewise, for one body alone: of that length and SHA-256 (hex). `headers` belong to it, and must be sent as they are: they are
   * signed, and the store compares them with what it gets.
   */
  presignUpload(
    key: string,
    options: StoredObject & { expiresSeconds: number },
  ): Promise<{ url: string; headers: Readonly<Record<string, string>>; expiresAt: string }>;
}

/** The first part of every key. Rights and lifetimes are given by it (infra). */
export const AREAS = {
  results: 'results/',
  plans: 'plans/',
  reports: 'reports/',
  /** Signed manifests. A worker may not write here. */
  evidence: 'evidence/',
  uploads: 'uploads/',
  config: 'config/',
  health: 'health/',
} as const;

/** Where an attempt's results lie: no two attempts share a prefix, so a replaced worker cannot touch its successor's. */
export const attemptPrefix = (tenant: string, jobId: string, taskId: string, attempt: number): string =>
  `${jobResultsPrefix(tenant, jobId)}${taskOfAttempt(taskId, attempt)}`;
/** The same below the job's prefix. */
export const taskOfAttempt = (taskId: string, attempt: number): string => `${taskId}/${attempt}/`;
export const jobResultsPrefix = (tenant: string, jobId: string): string => `${AREAS.results}${tenant}/${jobId}/`;
export const planKey = (tenant: string, jobId: string): string => `${AREAS.plans}${tenant}/${jobId}`;
export const reportsPrefix = (tenant: string, jobId: string): string => `${AREAS.reports}${tenant}/${jobId}/`;
export const jobEvidencePrefix = (tenant: string, jobId: string): string => `${AREAS.evidence}${tenant}/${jobId}/`;
/** The signed manifest of a job as it ended in one round. */
export const manifestKey = ({ tenant, jobId, round }: { tenant: string; jobId: string; round: number }): string =>
  `${jobEvidencePrefix(tenant, jobId)}${round}.json`;
export const uploadKey = (tenant: string, uploadId: string): string => `${AREAS.uploads}${tenant}/${uploadId}`;
/** The deployment's target policy. */
export const POLICY_KEY = `${AREAS.config}policy.yaml`;

/** The deployment's scanner instances, and what a worker last saw of one. */
export const SCANNERS_KEY = `${AREAS.config}scanners.yaml`;
export const healthKey = (scanner: string, instance: string): string => `${AREAS.health}${scanner}/${instance}.json`;

/** File names under an attempt's prefix. */
export const FINDINGS_FILE = 'findings.ndjson.gz';
export const COVERAGE_FILE = 'coverage.json';
export const EVIDENCE_FILE = 'evidence.json';
/** The scanner's own output, untouched and gzipped; what it is called before `.gz` is the scanner's. */
export const rawFile = (name: string): string => `raw/${name}.gz`;
