/** Links to objects in S3 that need no credentials. */
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Signer } from '../finding/results.ts';

export function s3Signer(client: S3Client, bucket: string, now: () => Date = () => new Date()): Signer {
  return {
    async presignDownload(key, { fileName, contentType, expiresSeconds }) {
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        ResponseContentDisposition: `attachment; filename="${fileName.replace(/[^\w.-]/g, '_')}"`,
        ResponseContentType: contentType,
        ResponseCacheControl: 'no-store',
      });
      const times = timesFrom(now(), expiresSeconds);
      return { url: await getSignedUrl(client, command, times), expiresAt: await endOf(client, times) };
    },

    async presignUpload(key, { bytes, sha256, expiresSeconds }) {
      const checksum = Buffer.from(sha256, 'hex').toString('base64');
      const headers = { 'content-length': String(bytes), [CHECKSUM_HEADER]: checksum };
      // With a checksum of our own the SDK adds none.
      const command = new PutObjectCommand({
        Bucket: bucket,
        Key: key,
        ContentLength: bytes,
        ChecksumSHA256: checksum,
      });
      const times = timesFrom(now(), expiresSeconds);
      const url = await getSignedUrl(client, command, {
        ...times,
        signableHeaders: new Set(['content-length']),
        unhoistableHeaders: new Set([CHECKSUM_HEADER]),
      });
      return { url, headers, expiresAt: await endOf(client, times) };
    },
  };
}

/** S3 takes no body with another one (S3 user guide, "Checking object integrity"). As a signed header it can be neither left out nor changed. */
const CHECKSUM_HEADER = 'x-amz-checksum-sha256';

/** A signature counts whole seconds. */
const timesFrom = (now: Date, expiresIn: number) => ({
  signingDate: new Date(Math.floor(now.getTime() / 1000) * 1000),
  expiresIn,
});

/** A link dies with the credentials that signed it, whatever its own expiry says. */
async function endOf(client: S3Client, { signingDate, expiresIn }: ReturnType<typeof timesFrom>): Promise<string> {
  const { expiration } = await client.config.credentials();
  const endsAt = Math.min(signingDate.getTime() + expiresIn * 1000, expiration?.getTime() ?? Number.POSITIVE_INFINITY);
  return new Date(endsAt).toISOString();
}
