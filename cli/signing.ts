/** Whose keys sign a request, and the signing. The AWS SDK is used for these two alone, and loaded when a request is made. */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import type { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { ForbiddenError } from '#shared/errors.ts';
import type { Endpoint } from './endpoint.ts';

export interface Signable {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The headers to send: those given, and the signature's. ForbiddenError `no_credentials` when nobody's keys are to be had. */
export type Sign = (request: Signable) => Promise<Record<string, string>>;

type Credentials = ReturnType<typeof fromNodeProviderChain>;

/** Signs for API Gateway, or for another service of AWS, with AWS Signature Version 4; credentials are looked up once and renewed before they expire. */
export async function requestSigner(
  endpoint: Pick<Endpoint, 'region' | 'identity'>,
  awsProfile?: string,
  service = 'execute-api',
): Promise<Sign> {
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const credentials = endpoint.identity ?? (await defaultChain(endpoint.region, awsProfile));
  const signer = new SignatureV4({ service, region: endpoint.region, credentials, sha256: Sha256 });
  return async ({ method, url, headers, body }) => {
    const signed = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port ? { port: Number(url.port) } : {}),
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...headers, host: url.host },
      ...(body === undefined ? {} : { body }),
    });
    return signed.headers;
  };
}

async function defaultChain(region: string, profile: string | undefined): Promise<Credentials> {
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  const chain = fromNodeProviderChain({ clientConfig: { region }, ...(profile === undefined ? {} : { profile }) });
  return async (options) => {
    try {
      return await chain(options);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ForbiddenError(
        'no_credentials',
        `no AWS credentials: ${why}. Log in, or choose a profile with --aws-profile.`,
        [],
        { cause },
      );
    }
  };
}

type Bytes = string | ArrayBuffer | ArrayBufferView;
const bytesOf = (data: Bytes): string | Uint8Array => {
  if (typeof data === 'string') return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
};

/** The shape the signer asks for: a hash, or with a secret an HMAC. */
class Sha256 {
  readonly #hash: Hash | Hmac;
  constructor(secret?: Bytes) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: Bytes): void {
    this.#hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}
