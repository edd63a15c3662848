/** Who vouches for a manifest: the port of the signing key, what it leaves, and the check that needs nothing but the public key. */
import { createPublicKey, verify } from 'node:crypto';
import * as z from 'zod';
import { manifestKey, type Results } from '../finding/results.ts';
import type { Job } from '../job/job.ts';

/** ECDSA over P-256 and SHA-256 (FIPS 186-5), as AWS KMS names it. */
export const SIGNING_ALGORITHM = 'ECDSA_SHA_256';

export const ManifestSignature = z.object({
  algorithm: z.literal(SIGNING_ALGORITHM),
  /** The ARN of the key, or what stands for it locally. */
  keyId: z.string().min(1).max(2_048),
  /** Base64 of the DER encoding (RFC 3279, section 2.2.3). */
  value: z.base64(),
});
export type ManifestSignature = z.output<typeof ManifestSignature>;

export interface ManifestSigner {
  /** UnavailableError `signing_unavailable` when the key cannot be used just now. */
  sign(text: string): Promise<ManifestSignature>;
}

/** One object, so that there is never a manifest without its signature. `manifest` is the very text that was signed. */
export const SignedManifest = z.object({ manifest: z.string(), signature: ManifestSignature });
export type SignedManifest = z.output<typeof SignedManifest>;

/** False for a signature of another key, over another text, or that is none. Throws for a `publicKey` that is not PEM. */
export const isSigned = (text: string, signature: Uint8Array, publicKey: string): boolean =>
  verify('sha256', Buffer.from(text), createPublicKey(publicKey), signature);

type Round = Pick<Job, 'tenant' | 'jobId' | 'round'>;

/** `false`: one of that round was there before, and stays: what completes late cannot change it. */
export async function keepManifest(
  results: Pick<Results, 'create'>,
  round: Round,
  signed: SignedManifest,
): Promise<boolean> {
  return results.create(manifestKey(round), Buffer.from(JSON.stringify(signed)), 'application/json');
}
