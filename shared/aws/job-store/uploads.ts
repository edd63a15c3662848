/** What tenants have uploaded, or have leave to. */
import type { Upload } from '../../job/upload.ts';
import { SCHEMA_VERSION } from '../../names.ts';
import { uploadKey } from '../table.ts';
import type { StoreContext } from './context.ts';
import { expiryIn } from './items.ts';

/** Kept as long as a job of that moment and its last retry can need it. */
const MARGIN_SECONDS = 86_400;

/** Its id is new: no condition is needed, and a repeat writes the same. */
export async function recordUpload({ db, now, limits }: StoreContext, upload: Upload): Promise<void> {
  const expiry = expiryIn(now(), limits.retentionSeconds + MARGIN_SECONDS);
  const item = { schemaVersion: SCHEMA_VERSION, ...upload, ...expiry };
  await db.write({ kind: 'put', key: uploadKey(upload.tenant, upload.uploadId), item });
}

export async function readUpload(
  { db }: Pick<StoreContext, 'db'>,
  tenant: string,
  uploadId: string,
): Promise<Upload | undefined> {
  const item = await db.get(uploadKey(tenant, uploadId));
  if (item === undefined) return undefined;
  const { createdBy, createdAt, bytes, sha256 } = item as unknown as Upload;
  return { uploadId, tenant, createdBy, createdAt, bytes, sha256 };
}
