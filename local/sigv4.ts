/**
 * Verifies AWS Signature Version 4, in headers or in the query, on a request as it came over the wire:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. The gateway, S3 and the emulators of
 * AWS's JSON services use it. The secret, the region, the service and the day enter the signing key, so that none can be exchanged.
 */
import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { type Claim, type QueryPair, RefusedSignature, type SignatureFault, signatureClaim } from './sigv4-claim.ts';

export type { SignatureFault } from './sigv4-claim.ts';

export interface SigningKey {
  readonly secretAccessKey: string;
  /** Of temporary credentials: the request must show the same. Without one it must show none. */
  readonly sessionToken?: string;
}

/** As node:http has it. */
export interface SignedMessage {
  readonly method?: string | undefined;
  /** The raw request target. */
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
}

export type Verification<Identity> =
  | { readonly ok: true; readonly accessKeyId: string; readonly identity: Identity }
  | { readonly ok: false; readonly fault: SignatureFault; readonly reason: string };

export interface VerifierOptions<Identity extends SigningKey> {
  /** By access key id. */
  readonly identities: ReadonlyMap<string, Identity>;
  readonly region: string;
  /** As in the scope: `execute-api`, `s3`, `ecs`, `events`. */
  readonly service: string;
  readonly now: () => Date;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** As API Gateway has it; S3 would allow 15 minutes. */
const MAX_SKEW_MS = 5 * 60_000;

/**
 * A function that says who signed a message, or why nobody did. `payloadHash` is the SHA-256 of the body in hex, or whatever else the
 * service lets stand in its place (S3: the header X-Amz-Content-Sha256, which the caller then holds the body to).
 */
export function sigV4Verifier<Identity extends SigningKey>(options: VerifierOptions<Identity>) {
  const keyOf = signingKeys();
  return (message: SignedMessage, payloadHash: string): Verification<Identity> => {
    try {
      return verified(options, keyOf, message, payloadHash);
    } catch (error) {
      if (error instanceof RefusedSignature) return { ok: false, fault: error.fault, reason: error.message };
      if (error instanceof URIError) return { ok: false, fault: 'malformed', reason: 'the URL is wrongly encoded' };
      throw error;
    }
  };
}

/** What the body's SHA-256 is called in a signature. */
export const payloadHashOf = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

function verified<Identity extends SigningKey>(
  { identities, region, service, now }: VerifierOptions<Identity>,
  keyOf: SigningKeys,
  message: SignedMessage,
  payloadHash: string,
): Verification<Identity> {
  const request = readMessage(message);
  const claim = signatureClaim(request.headers, request.query);
  if (claim.region !== region || claim.service !== service)
    throw new RefusedSignature('wrong_scope', `the signature is for ${claim.service} in ${claim.region}`);
  const identity = identities.get(claim.accessKeyId);
  if (identity === undefined) throw new RefusedSignature('unknown_key', 'the access key is not known here');
  checkTime(claim, now().getTime());
  checkSignedHeaders(claim, request.headers);
  const key = keyOf(identity.secretAccessKey, claim);
  const expected = signature(key, claim, canonicalRequest(request, claim, payloadHash));
  if (!equal(claim.signature, expected)) throw new RefusedSignature('mismatch', 'the signature is wrong');
  if (!equal(claim.sessionToken ?? '', identity.sessionToken ?? ''))
    throw new RefusedSignature('unknown_key', 'the session token is not known here');
  return { ok: true, accessKeyId: claim.accessKeyId, identity };
}

interface Request {
  readonly method: string;
  /** Still encoded. */
  readonly path: string;
  readonly query: readonly QueryPair[];
  /** Values by lower-case name, in the order they came. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

function readMessage({ method = '', url = '', rawHeaders }: SignedMessage): Request {
  const at = url.indexOf('?');
  const [path, query] = at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
  const headers = new Map<string, string[]>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] as string).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), rawHeaders[index + 1] as string]);
  }
  return { method, path, query: readQuery(query), headers };
}

/** Names and values of a raw query, decoded. A `+` is a plus here, not a space: signers write a space as %20. Throws URIError. */
export function readQuery(query: string): QueryPair[] {
  const parts = query.split('&').filter((part) => part !== '');
  return parts.map((part) => {
    const at = part.indexOf('=');
    const [name, value] = at < 0 ? [part, ''] : [part.slice(0, at), part.slice(at + 1)];
    return [decodeURIComponent(name), decodeURIComponent(value)];
  });
}

function checkTime(claim: Claim, now: number): void {
  const endsAt = claim.expiresSeconds === undefined ? claim.at + MAX_SKEW_MS : claim.at + claim.expiresSeconds * 1000;
  if (claim.at - now > MAX_SKEW_MS) throw new RefusedSignature('expired', 'the signature is not valid yet');
  if (now > endsAt) throw new RefusedSignature('expired', 'the signature has expired');
}

/** The host, and whatever AWS itself would act upon, must be signed; what is signed must be there. */
function checkSignedHeaders({ signedHeaders }: Claim, headers: Request['headers']): void {
  const signed = new Set(signedHeaders);
  const unsigned = Array.from(headers.keys()).find((name) => name.startsWith('x-amz-') && !signed.has(name));
  if (unsigned !== undefined) throw new RefusedSignature('mismatch', `the header ${unsigned} is not signed`);
  if (!signed.has('host')) throw new RefusedSignature('mismatch', 'the header host is not signed');
  const missing = signedHeaders.find((name) => !headers.has(name));
  if (missing !== undefined) throw new RefusedSignature('mismatch', `the signed header ${missing} is missing`);
}

function canonicalRequest({ method, path, query, headers }: Request, claim: Claim, payloadHash: string): string {
  const pairs = query.filter(([name]) => name !== 'X-Amz-Signature');
  return [
    method,
    canonicalPath(path, claim.service),
    sorted(pairs.map(([name, value]) => [encode(name), encode(value)])).join('&'),
    ...claim.signedHeaders.map((name) => `${name}:${headers.get(name)?.map(squeeze).join(',')}`),
    '',
    claim.signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
}

/** S3 signs the path encoded once, whatever the sender left as it is; the others sign the path as sent, encoded once more. */
const canonicalPath = (path: string, service: string): string =>
  (service === 's3' ? encode(decodeURIComponent(path)) : encode(path)).replaceAll('%2F', '/');

/** By name, then by value, both encoded, by code point: all of it is ASCII. */
const sorted = (pairs: [string, string][]): string[] =>
  pairs.sort(([a, b], [c, d]) => (a === c ? compare(b, d) : compare(a, c))).map(([name, value]) => `${name}=${value}`);
const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Everything but the unreserved characters of RFC 3986, which encodeURIComponent exceeds by five. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

const squeeze = (value: string): string => value.trim().replace(/[ \t]+/g, ' ');

const scopeOf = ({ day, region, service }: Claim): string[] => [day, region, service, 'aws4_request'];

type SigningKeys = (secret: string, claim: Claim) => KeyObject;
const MAX_KEPT_KEYS = 100;

/** Keeps the keys it makes: each takes four HMACs, and a caller's is the same all day. */
function signingKeys(): SigningKeys {
  const kept = new Map<string, KeyObject>();
  return (secret, claim) => {
    const name = [secret, ...scopeOf(claim)].join('/');
    const known = kept.get(name);
    if (known !== undefined) return known;
    const bytes = scopeOf(claim).reduce<string | Buffer>((outer, part) => hmac(outer, part), `AWS4${secret}`);
    const key = createSecretKey(Buffer.from(bytes));
    if (kept.size === MAX_KEPT_KEYS) kept.clear();
    kept.set(name, key);
    return key;
  };
}

function signature(key: KeyObject, claim: Claim, canonical: string): string {
  // Header values are bytes, one in each character (node:http).
  const hash = createHash('sha256').update(canonical, 'latin1').digest('hex');
  return hmac(key, [ALGORITHM, claim.time, scopeOf(claim).join('/'), hash].join('\n')).toString('hex');
}

const hmac = (key: string | Buffer | KeyObject, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest();

/** In a time that says nothing about where they differ. */
function equal(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
