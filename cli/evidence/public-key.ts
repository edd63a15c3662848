/** The key whose signature on evidence counts: asked of KMS once, at login, and pinned; or named by hand. */
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as z from 'zod';
import type { Environment } from '#shared/env.ts';
import { CorruptError, UnavailableError, ValidationError } from '#shared/errors.ts';
import { type AwsService, askAws } from '../ask-aws.ts';
import { type EndpointOptions, findEndpoint } from '../endpoint.ts';
import { parseJson } from '../exchange.ts';
import { loginFile, readLogin } from '../login.ts';

const Answer = z.object({ PublicKey: z.base64(), KeyUsage: z.literal('SIGN_VERIFY') });

/**
 * The public half of a key in KMS, as PEM. Undefined for a caller who may not ask for it. UnavailableError, CorruptError.
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_GetPublicKey.html
 */
export async function kmsPublicKey(
  arn: string,
  place: Omit<AwsService, 'service'>,
  env: Environment,
  signal: AbortSignal,
): Promise<string | undefined> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'TrentService.GetPublicKey' };
  const body = JSON.stringify({ KeyId: arn });
  const { status, text } = await askAws({ ...place, service: 'kms' }, env, { headers, body }, signal);
  if (status >= 500) throw new UnavailableError('unavailable', `KMS answered ${status}`);
  if (status !== 200) return undefined;
  const answer = Answer.safeParse(parseJson(text));
  const pem = answer.data && pemOf({ key: Buffer.from(answer.data.PublicKey, 'base64'), format: 'der', type: 'spki' });
  if (pem === undefined) throw new CorruptError('unexpected_answer', `${arn} is no key that signs evidence`);
  return pem;
}

export interface PinnedKey {
  /** PEM. */
  readonly publicKey: string;
  /** Where it was found. */
  readonly from: string;
}

/** The key that `--key` names, else that of the service which the other options lead to. ValidationError when none is known. */
export async function pinnedKey(
  { key, ...options }: EndpointOptions & { readonly key?: string },
  env: Environment,
  cwd: string,
): Promise<PinnedKey> {
  if (key !== undefined) return { publicKey: await readKey(resolve(cwd, key)), from: key };
  const endpoint = await findEndpoint(options, env, cwd).catch((error: unknown) => {
    if (error instanceof UnavailableError) throw keyNeeded('no service is known here');
    throw error;
  });
  if (endpoint.evidenceKey !== undefined) return { publicKey: endpoint.evidenceKey, from: endpoint.from };
  const path = loginFile(env);
  const login = path === undefined ? undefined : await readLogin(path);
  if (path === undefined || login?.url !== endpoint.url || login.evidenceKey === undefined)
    throw keyNeeded(`no key is pinned for ${endpoint.url}`);
  return { publicKey: login.evidenceKey.publicKey, from: path };
}

async function readKey(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((cause: Error) => {
    throw invalid(`cannot be read: ${cause.message}`);
  });
  const pem = pemOf(text);
  if (pem === undefined) throw invalid(`names ${path}, which is no P-256 public key as PEM`);
  return pem;
}

/** Undefined for what is no key on P-256, which alone signs evidence. */
function pemOf(key: Parameters<typeof createPublicKey>[0]): string | undefined {
  try {
    const found = createPublicKey(key);
    if (found.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return undefined;
    return found.export({ type: 'spki', format: 'pem' }).toString();
  } catch {
    return undefined;
  }
}

const invalid = (message: string): ValidationError => new ValidationError([{ field: '--key', message }]);
const keyNeeded = (why: string): ValidationError =>
  invalid(`is needed, the public key as PEM: ${why}. \`scanfleet login --stack\` pins that of a deployment`);
