/** Independent signers of AWS Signature Version 4, and an HTTP server that shows what arrived on the wire. */
import { execFile } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer, text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { SignatureV4 } from '@smithy/signature-v4';
import { AwsV4Signer } from 'aws4fetch';

export interface Signing {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly region: string;
  readonly service: string;
  readonly at: Date;
}

export interface Plain {
  readonly method: string;
  /** `127.0.0.1:1234`. */
  readonly host: string;
  /** Encoded path and query. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A request with its signature in it. */
export interface Signed extends Plain {
  readonly headers: Readonly<Record<string, string>>;
}

export type Signer = (plain: Plain, signing: Signing) => Promise<Signed>;

type Source = string | ArrayBuffer | ArrayBufferView;
const bytesOf = (source: Source): Buffer => {
  if (typeof source === 'string') return Buffer.from(source);
  if (source instanceof ArrayBuffer) return Buffer.from(source);
  return Buffer.from(source.buffer, source.byteOffset, source.byteLength);
};

/** The hash @smithy/signature-v4 asks for. */
class Sha256 {
  readonly #hash;
  constructor(key?: Source) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(key));
  }
  update(data: Source): void {
    this.#hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

function smithyParts({ method, host, target, headers, body }: Plain) {
  const [path = '', queryText = ''] = target.split('?');
  const query: Record<string, string | string[]> = {};
  for (const part of queryText.split('&').filter(Boolean)) {
    const [name = '', value = ''] = part.split('=').map(decodeURIComponent);
    const known = query[name];
    query[name] = known === undefined ? value : [...(Array.isArray(known) ? known : [known]), value];
  }
  const [hostname = '', port] = host.split(':');
  return { method, protocol: 'http:', hostname, port: Number(port), path, query, headers: { host, ...headers }, body };
}

const smithySigner = (signing: Signing) =>
  new SignatureV4({
    credentials: signing,
    region: signing.region,
    service: signing.service,
    sha256: Sha256,
    uriEscapePath: signing.service !== 's3',
  });

export const smithy: Signer = async (plain, signing) => {
  const signed = await smithySigner(signing).sign(smithyParts(plain), { signingDate: signing.at });
  return { ...plain, headers: signed.headers };
};

/** The host is sent, but not signed. */
export const smithyWithoutHost: Signer = async (plain, signing) => {
  const unsignableHeaders = new Set(['host']);
  const options = { signingDate: signing.at, unsignableHeaders };
  const signed = await smithySigner(signing).sign(smithyParts(plain), options);
  return { ...plain, headers: signed.headers };
};

export const smithyPresigned =
  (expiresIn: number): Signer =>
  async (plain, signing) => {
    const signed = await smithySigner(signing).presign(smithyParts(plain), { signingDate: signing.at, expiresIn });
    const query = Object.entries(signed.query ?? {}).flatMap(([name, value]) =>
      [value ?? ''].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
    );
    return { ...plain, target: `${plain.target.split('?')[0]}?${query.join('&')}`, headers: signed.headers };
  };

export const aws4fetch: Signer = async (plain, signing) => {
  const signed = await new AwsV4Signer({
    url: `http://${plain.host}${plain.target}`,
    method: plain.method,
    ...(plain.headers ? { headers: plain.headers } : {}),
    ...(plain.body === undefined ? {} : { body: plain.body }),
    accessKeyId: signing.accessKeyId,
    secretAccessKey: signing.secretAccessKey,
    ...(signing.sessionToken ? { sessionToken: signing.sessionToken } : {}),
    region: signing.region,
    service: signing.service,
    datetime: signing.at.toISOString().replace(/[-:]|\.\d+/g, ''),
  }).sign();
  const url = new URL(signed.url);
  return { ...plain, target: `${url.pathname}${url.search}`, headers: Object.fromEntries(signed.headers) };
};

/** botocore signs in Python, by its own clock; undefined where Python or botocore is missing. */
export async function findBotocore(): Promise<Signer | undefined> {
  const run = promisify(execFile);
  const available = await run('python3', ['-c', 'import botocore.auth']).then(
    () => true,
    () => false,
  );
  if (!available) return undefined;
  return async (plain, signing) => {
    const { stdout } = await run('python3', ['-c', BOTOCORE, JSON.stringify({ plain, signing })]);
    return { ...plain, headers: JSON.parse(stdout) };
  };
}

const BOTOCORE = `
import json, sys
from botocore.auth import SigV4Auth, S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
given = json.loads(sys.argv[1])
plain, signing = given["plain"], given["signing"]
request = AWSRequest(method=plain["method"], url="http://" + plain["host"] + plain["target"],
                     headers=plain.get("headers") or {}, data=(plain.get("body") or "").encode())
auth = S3SigV4Auth if signing["service"] == "s3" else SigV4Auth
auth(Credentials(signing["accessKeyId"], signing["secretAccessKey"], signing.get("sessionToken")), signing["service"], signing["region"]).add_auth(request)
print(json.dumps(dict(request.headers.items())))
`;

export interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

export interface Wire {
  readonly host: string;
  /** Sends it, and gives back how it arrived. */
  carry(signed: Signed): Promise<Arrived>;
  /** What another program sent while `send` ran. */
  during(send: (endpoint: string) => Promise<unknown>): Promise<Arrived>;
  close(): Promise<void>;
}

/** A server on loopback that keeps the last request. */
export async function startWire(): Promise<Wire> {
  let last: Arrived | undefined;
  const server = createServer(async (message: IncomingMessage, response) => {
    const { method = '', url = '', rawHeaders } = message;
    last = { method, url, rawHeaders, body: await buffer(message) };
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const during = async (send: (endpoint: string) => Promise<unknown>) => {
    last = undefined;
    await send(`http://${host}`);
    if (last === undefined) throw new Error('nothing arrived');
    return last as Arrived;
  };
  return {
    host,
    carry: ({ method, target, headers, body }) =>
      during(async () => {
        const [hostname, port] = host.split(':');
        const message = httpRequest({ hostname, port, method, path: target, headers: { ...headers } }).end(body);
        const [response] = await once(message, 'response');
        await text(response);
      }),
    during,
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
