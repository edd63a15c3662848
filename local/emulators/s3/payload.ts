/**
 * The body of a request, with every check that was announced for it made while it passes: length, SHA-256, Content-MD5, the checksums of
 * x-amz-checksum-…; plain or in aws-chunked encoding with the checksum behind it, as SDKs send streams:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { readChunked } from './aws-chunked.ts';
import { S3Fault } from './fault.ts';

/** A header by its lower-case name. */
export type HeaderOf = (name: string) => string | undefined;

interface Digest {
  update(chunk: Uint8Array): unknown;
  digest(encoding: 'base64'): string;
}

const UNSIGNED = 'UNSIGNED-PAYLOAD';
const CHUNKED = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
const CHECKSUM = 'x-amz-checksum-';

function crc32Digest(): Digest {
  let sum = 0;
  return {
    update(chunk) {
      sum = crc32(chunk, sum);
    },
    digest(encoding) {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(sum);
      return bytes.toString(encoding);
    },
  };
}

const DIGESTS: Readonly<Record<string, () => Digest>> = {
  crc32: crc32Digest,
  sha1: () => createHash('sha1'),
  sha256: () => createHash('sha256'),
};

interface Check {
  readonly name: string;
  readonly digest: Digest;
  /** Base64. */
  readonly expected: () => string | undefined;
  readonly fault: 'BadDigest' | 'XAmzContentSHA256Mismatch';
}

/** Throws S3Fault, before the first byte or behind the last, when the body is not what the headers say. `body` must stay open then. */
export async function* payload(body: AsyncIterable<Uint8Array>, header: HeaderOf): AsyncIterable<Uint8Array> {
  const kind = header('x-amz-content-sha256') ?? UNSIGNED;
  const trailer = new Map<string, string>();
  const checks = [...kindChecks(kind), ...headerChecks(header), ...trailerChecks(header, trailer)];
  const announced = header(kind === CHUNKED ? 'x-amz-decoded-content-length' : 'content-length');
  let bytes = 0;
  for await (const chunk of kind === CHUNKED ? readChunked(body, trailer) : body) {
    bytes += chunk.length;
    for (const { digest } of checks) digest.update(chunk);
    yield chunk;
  }
  if (Number(announced ?? bytes) !== bytes) throw new S3Fault('IncompleteBody');
  const wrong = checks.find(({ digest, expected }) => digest.digest('base64') !== expected());
  if (wrong !== undefined) throw new S3Fault(wrong.fault, `The ${wrong.name} does not match the body.`);
}

function kindChecks(kind: string): Check[] {
  if (kind === UNSIGNED || kind === CHUNKED) return [];
  if (!/^[0-9a-f]{64}$/.test(kind)) throw new S3Fault('NotImplemented', `A body of ${kind}`);
  const expected = Buffer.from(kind, 'hex').toString('base64');
  const digest = createHash('sha256');
  return [{ name: 'x-amz-content-sha256', digest, expected: () => expected, fault: 'XAmzContentSHA256Mismatch' }];
}

function headerChecks(header: HeaderOf): Check[] {
  const md5 = header('content-md5');
  const checks: Check[] = Object.entries(DIGESTS).flatMap(([algorithm, digest]) => {
    const value = header(CHECKSUM + algorithm);
    return value === undefined ? [] : [check(CHECKSUM + algorithm, digest(), () => value)];
  });
  return md5 === undefined ? checks : [...checks, check('Content-MD5', createHash('md5'), () => md5)];
}

/** One for the checksum that will come behind the body. */
function trailerChecks(header: HeaderOf, trailer: ReadonlyMap<string, string>): Check[] {
  const name = header('x-amz-trailer')?.trim().toLowerCase();
  if (name === undefined) return [];
  const digest = name.startsWith(CHECKSUM) ? DIGESTS[name.slice(CHECKSUM.length)] : undefined;
  if (digest === undefined) throw new S3Fault('NotImplemented', `A trailer ${name}`);
  return [check(name, digest(), () => trailer.get(name))];
}

const check = (name: string, digest: Digest, expected: Check['expected']): Check => ({
  name,
  digest,
  expected,
  fault: 'BadDigest',
});
