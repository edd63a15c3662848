/** The keys that sign manifests: one in KMS, which nobody can take out of it; on one machine a file that only its owner can read. */
import { createHash, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { UnavailableError } from '../errors.ts';
import { type ManifestSignature, type ManifestSigner, SIGNING_ALGORITHM } from '../evidence/signature.ts';
import { kmsClient } from './clients.ts';
import { unavailable } from './failure.ts';

/** `key`: the ARN of a key in KMS, or a `file:` URL. */
export const manifestSigner = (key: string): ManifestSigner =>
  key.startsWith('file:') ? keyFileSigner(new URL(key)) : kmsSigner(kmsClient(), key);

/** KMS is given the digest: a message of its own may have 4,096 bytes at most (API reference, "Sign"). */
export const kmsSigner = (client: KMSClient, key: string): ManifestSigner => ({
  async sign(text) {
    const command = new SignCommand({
      KeyId: key,
      Message: createHash('sha256').update(text).digest(),
      MessageType: 'DIGEST',
      SigningAlgorithm: SIGNING_ALGORITHM,
    });
    const { KeyId = key, Signature } = await client.send(command).catch(unavailable(UNAVAILABLE, 'signing'));
    if (Signature === undefined) throw new UnavailableError(UNAVAILABLE, 'signing: no signature in the answer');
    return signatureOf(KeyId, Signature);
  },
});

/** Of a P-256 key as PEM, PKCS #8. Read each time: it is needed seldom. */
export const keyFileSigner = (file: URL): ManifestSigner => ({
  async sign(text) {
    const pem = await readFile(file, 'utf8').catch((cause: Error) => {
      throw new UnavailableError(UNAVAILABLE, `signing: ${cause.message}`, { cause });
    });
    return signatureOf('local', sign('sha256', Buffer.from(text), pem));
  },
});

const UNAVAILABLE = 'signing_unavailable';

const signatureOf = (keyId: string, bytes: Uint8Array): ManifestSignature => ({
  algorithm: SIGNING_ALGORITHM,
  keyId,
  value: Buffer.from(bytes).toString('base64'),
});
