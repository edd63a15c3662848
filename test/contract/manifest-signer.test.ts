import { createHash, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { KMSClient, SignCommand } from '@aws-sdk/client-kms';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOrMakeEvidenceKey } from '#local/keys.ts';
import { kmsSigner, manifestSigner } from '#shared/aws/manifest-signer.ts';
import { UnavailableError } from '#shared/errors.ts';
import { isSigned, type ManifestSigner } from '#shared/evidence/signature.ts';

const TEXT = '{"text":"ünïcode"}';
const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1';

const client = new KMSClient({ region: 'eu-central-1' });
const kms = mockClient(client);
let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scanfleet-key-'));
  file = join(folder, 'evidence-key.pem');
});
afterAll(() => rm(folder, { recursive: true }));

/** Each with its public key. KMS is given a digest, which node signs only together with what it is of. */
const SIGNERS: [name: string, make: () => Promise<{ signer: ManifestSigner; publicKey: string; keyId: string }>][] = [
  [
    'a key in KMS',
    async () => {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      kms.on(SignCommand).callsFake(async (input) => {
        expect(input).toEqual({
          KeyId: ARN,
          Message: createHash('sha256').update(TEXT).digest(),
          MessageType: 'DIGEST',
          SigningAlgorithm: 'ECDSA_SHA_256',
        });
        return { KeyId: ARN, Signature: sign('sha256', Buffer.from(TEXT), privateKey) };
      });
      const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
      return { signer: kmsSigner(client, ARN), publicKey: pem, keyId: ARN };
    },
  ],
  [
    'a key in a file',
    async () => {
      const publicKey = await readOrMakeEvidenceKey(file);
      return { signer: manifestSigner(pathToFileURL(file).href), publicKey, keyId: 'local' };
    },
  ],
];

describe.each(SIGNERS)('%s', (_, make) => {
  it('signs a text so that its public key tells it from any other', async () => {
    const { signer, publicKey, keyId } = await make();
    const { algorithm, value, ...signature } = await signer.sign(TEXT);
    expect({ algorithm, ...signature }).toEqual({ algorithm: 'ECDSA_SHA_256', keyId });
    const bytes = Buffer.from(value, 'base64');
    expect(isSigned(TEXT, bytes, publicKey)).toBe(true);
    expect(isSigned(TEXT.replace('ü', 'u'), bytes, publicKey)).toBe(false);
    const { publicKey: other } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(isSigned(TEXT, bytes, other.export({ type: 'spki', format: 'pem' }).toString())).toBe(false);
  });
});

describe('a key in KMS that does not sign', () => {
  it.each([
    [
      'for want of an answer',
      Object.assign(new Error('busy'), { name: 'KMSInternalException', $metadata: { httpStatusCode: 500 } }),
    ],
    [
      'by being throttled',
      Object.assign(new Error('slow'), { name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } }),
    ],
  ])('%s may sign later', async (_, error) => {
    kms.reset();
    kms.on(SignCommand).rejects(error);
    await expect(kmsSigner(client, ARN).sign(TEXT)).rejects.toMatchObject({ code: 'signing_unavailable' });
  });

  it('because it is disabled says so', async () => {
    kms.reset();
    const disabled = Object.assign(new Error('disabled'), {
      name: 'DisabledException',
      $metadata: { httpStatusCode: 400 },
    });
    kms.on(SignCommand).rejects(disabled);
    await expect(kmsSigner(client, ARN).sign(TEXT)).rejects.toBe(disabled);
  });
});

describe('the local key', () => {
  it('is made once, on P-256, and is its owner’s alone', async () => {
    const publicKey = await readOrMakeEvidenceKey(file);
    const before = await readFile(file, 'utf8');
    expect(await readOrMakeEvidenceKey(file)).toBe(publicKey);
    expect(await readFile(file, 'utf8')).toBe(before);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(createPublicKey(publicKey).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(publicKey).not.toContain('PRIVATE');
  });

  it('that is none is left alone', async () => {
    const broken = join(folder, 'broken.pem');
    await writeFile(broken, 'nonsense');
    await expect(readOrMakeEvidenceKey(broken)).rejects.toMatchObject({ code: 'keys_unreadable' });
    await expect(manifestSigner(pathToFileURL(join(folder, 'none.pem')).href).sign(TEXT)).rejects.toThrow(
      UnavailableError,
    );
  });
});
