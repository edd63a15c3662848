/** A result that a caller has brought, to be imported by a job. Its bytes lie in the object store, at uploadKey. */

export interface Upload {
  readonly uploadId: string;
  readonly tenant: string;
  readonly createdBy: string;
  readonly createdAt: string;
  /** What was announced, and is all that the store takes. */
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}
