/** What a request says about its own signature, in the Authorization header or in the query. Nothing of it is believed here. */

/**
 * missing: not signed · malformed: cannot be read · unknown_key: no such access key or session token · wrong_scope: another service or
 * region · expired: too old, or from the future · mismatch: signed by another secret, or changed since.
 */
export type SignatureFault = 'missing' | 'malformed' | 'unknown_key' | 'wrong_scope' | 'expired' | 'mismatch';

export class RefusedSignature extends Error {
  readonly fault: SignatureFault;
  constructor(fault: SignatureFault, reason: string) {
    super(reason);
    this.fault = fault;
  }
}

export interface Claim {
  readonly accessKeyId: string;
  /** The scope: `20260131`, `eu-central-1`, `s3`. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  /** Lower case, in order. */
  readonly signedHeaders: readonly string[];
  /** 64 hex digits. */
  readonly signature: string;
  /** As signed, `20260131T120000Z`, and in milliseconds. */
  readonly time: string;
  readonly at: number;
  /** Only in a query. */
  readonly expiresSeconds?: number;
  readonly sessionToken?: string;
}

export type QueryPair = readonly [name: string, value: string];
type Headers = ReadonlyMap<string, readonly string[]>;

/** A presigned URL lives a week at most: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
const MAX_EXPIRES_SECONDS = 604_800;

/** Throws RefusedSignature `missing` or `malformed`. */
export function signatureClaim(headers: Headers, query: readonly QueryPair[]): Claim {
  const [authorization] = headers.get('authorization') ?? [];
  const inQuery = query.some(([name]) => name === 'X-Amz-Signature' || name === 'X-Amz-Algorithm');
  if (authorization !== undefined && inQuery) throw malformed('it is signed both in a header and in the query');
  if (authorization !== undefined) return fromHeaders(authorization, headers);
  if (inQuery) return fromQuery(query);
  throw new RefusedSignature('missing', 'the request is not signed');
}

const malformed = (reason: string) => new RefusedSignature('malformed', reason);

function fromHeaders(authorization: string, headers: Headers): Claim {
  const parts = /^AWS4-HMAC-SHA256\s+(.+)$/.exec(authorization.trim())?.[1];
  if (parts === undefined) throw malformed('the Authorization header does not begin with AWS4-HMAC-SHA256');
  const fields = new Map(
    parts.split(',').map((part) => {
      const [name = '', ...value] = part.trim().split('=');
      return [name, value.join('=')];
    }),
  );
  const field = (name: string) => fields.get(name) ?? '';
  const [time = '', sessionToken] = ['x-amz-date', 'x-amz-security-token'].map((name) => headers.get(name)?.[0]);
  const scope = readScope(field('Credential'));
  return {
    ...scope,
    ...readNames(field('SignedHeaders'), field('Signature')),
    ...readTime(time, scope.day),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

function fromQuery(query: readonly QueryPair[]): Claim {
  const field = (name: string): string | undefined => {
    const values = query.filter((pair) => pair[0] === name);
    if (values.length > 1) throw malformed(`${name} is given twice`);
    return values[0]?.[1];
  };
  if (field('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') throw malformed('X-Amz-Algorithm is not AWS4-HMAC-SHA256');
  const expires = field('X-Amz-Expires') ?? '';
  const expiresSeconds = Number(expires);
  if (!/^\d+$/.test(expires) || expiresSeconds < 1 || expiresSeconds > MAX_EXPIRES_SECONDS)
    throw malformed(`X-Amz-Expires is not a number from 1 to ${MAX_EXPIRES_SECONDS}`);
  const scope = readScope(field('X-Amz-Credential') ?? '');
  const sessionToken = field('X-Amz-Security-Token');
  return {
    ...scope,
    ...readNames(field('X-Amz-SignedHeaders') ?? '', field('X-Amz-Signature') ?? ''),
    ...readTime(field('X-Amz-Date') ?? '', scope.day),
    expiresSeconds,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

function readScope(credential: string) {
  const [accessKeyId, day, region, service, end, ...rest] = credential.split('/');
  if (!accessKeyId || !/^\d{8}$/.test(day ?? '') || !region || !service || end !== 'aws4_request' || rest.length > 0)
    throw malformed('the credential is not KEY/YYYYMMDD/REGION/SERVICE/aws4_request');
  return { accessKeyId, day: day as string, region, service };
}

function readNames(signedHeaders: string, signature: string) {
  if (!/^[0-9a-f]{64}$/.test(signature)) throw malformed('the signature is not 64 hex digits');
  const names = signedHeaders.split(';');
  const inOrder = names.every((name, index) => index === 0 || (names[index - 1] as string) < name);
  if (!inOrder || signedHeaders !== signedHeaders.toLowerCase())
    throw malformed('the signed headers are not in lower case and in order');
  return { signedHeaders: names, signature };
}

/** The time must be of the scope's day: the day is what the signing key was made for. */
function readTime(time: string, scopeDay: string) {
  const digits = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time);
  const [, year, month, day, hour, minute, second] = digits ?? [];
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(at)) throw malformed('X-Amz-Date is not a time as in 20260131T120000Z');
  if (!time.startsWith(scopeDay)) throw malformed("X-Amz-Date is not of the credential's day");
  return { time, at };
}
