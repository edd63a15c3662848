/** Links to objects in S3 that need no credentials. */
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
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
      // A signature counts whole seconds.
      const signedAt = Math.floor(now().getTime() / 1000) * 1000;
      const url = await getSignedUrl(client, command, { expiresIn: expiresSeconds, signingDate: new Date(signedAt) });
      // A link dies with the credentials that signed it, whatever its own expiry says.
      const { expiration } = await client.config.credentials();
      const endsAt = Math.min(signedAt + expiresSeconds * 1000, expiration?.getTime() ?? Number.POSITIVE_INFINITY);
      return { url, expiresAt: new Date(endsAt).toISOString() };
    },
  };
}
