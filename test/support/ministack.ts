/**
 * AWS on this machine as a deployment sees it: ministack (https://pypi.org/project/ministack/), with every signature and every policy
 * checked, also those of the functions' own roles. That needs TLS: the buckets' policies refuse anything else.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { AwsClient } from 'aws4fetch';
import { findProgram } from '#containers/scan-worker/process.ts';
import { freePort } from '#local/emulators/loopback.ts';

const HOST = '127.0.0.1';
const REGION = 'us-east-1';
const START_MS = 60_000;

export interface Ministack {
  readonly endpoint: string;
  readonly region: string;
  /** Of a user who may do everything. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The whole environment of a program that is to use it. */
  readonly env: Readonly<Record<string, string>>;
  /** A folder that goes with it. */
  readonly folder: string;
  /** A signed request. Rejects with the answer's text unless it succeeds. */
  call(service: string, path: string, init?: RequestInit): Promise<string>;
  /** A call of IAM, which speaks in forms. */
  iam(action: string, input: Readonly<Record<string, string>>): Promise<string>;
  close(): Promise<void>;
}

/** The program, or undefined: then tests that need it count as skipped. SCANFLEET_MINISTACK may say where it is. */
export function findMinistack(): string | undefined {
  const { SCANFLEET_MINISTACK: named, PATH = '' } = process.env;
  return named ?? findProgram('ministack', PATH);
}

export async function startMinistack(program: string): Promise<Ministack> {
  const folder = await mkdtemp(join(tmpdir(), 'scanfleet-ministack-'));
  const certificate = makeCertificate(folder);
  const port = await freePort(HOST);
  const endpoint = `https://${HOST}:${port}`;
  const env = {
    // Functions run on this Node too.
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    // The CDK remembers accounts by key in its home.
    HOME: folder,
    NODE_EXTRA_CA_CERTS: certificate,
    AWS_CA_BUNDLE: certificate,
  };
  const child = spawn(program, [], {
    cwd: folder,
    env: {
      ...env,
      ...{ BIND_HOST: HOST, MINISTACK_HOST: HOST, GATEWAY_PORT: String(port), LAMBDA_EXECUTOR: 'local', AUTH: 'true' },
      ...{ USE_SSL: '1', MINISTACK_SSL_CERT: certificate, MINISTACK_SSL_KEY: join(folder, 'key.pem') },
      ...{ STATE_DIR: join(folder, 'state'), S3_DATA_DIR: join(folder, 's3'), TMPDIR: folder },
      // The CDK's own functions import the SDK, which Lambda brings along.
      NODE_PATH: new URL('../../node_modules', import.meta.url).pathname,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const log = createWriteStream(join(folder, 'ministack.log'));
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const close = async () => {
    await endGroup(child);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(certificate, 'utf8')]);
    await answers(`${endpoint}/_ministack/health`, child);
    const credentials = await makeAdministrator(endpoint);
    const { accessKeyId, secretAccessKey } = credentials;
    return {
      endpoint,
      region: REGION,
      credentials,
      folder,
      close,
      env: {
        ...env,
        ...{ AWS_REGION: REGION, AWS_ENDPOINT_URL: endpoint, AWS_ENDPOINT_URL_S3: endpoint },
        ...{ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      },
      iam: (action, input) => iam(endpoint, credentials, action, input),
      call: (service, path, init) => call({ ...credentials, service, endpoint }, path, init),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Self-signed, for HOST. The path of the certificate; its key lies beside it. */
function makeCertificate(folder: string): string {
  const certificate = join(folder, 'certificate.pem');
  const names = ['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=IP:${HOST}`];
  const keys = ['-newkey', 'rsa:2048', '-nodes', '-keyout', join(folder, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', '-days', '2', ...keys, ...names, '-out', certificate], { stdio: 'ignore' });
  return certificate;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (const endMs = performance.now() + START_MS; performance.now() < endMs; await delay(100)) {
    if (child.exitCode !== null) throw new Error(`ministack ended with ${child.exitCode}`);
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined) return;
  }
  throw new Error('ministack does not answer');
}

/** Its root user's keys are never checked, so everything is done as somebody else. */
const ROOT = { accessKeyId: 'test', secretAccessKey: 'test' } as const;

async function makeAdministrator(endpoint: string): Promise<Ministack['credentials']> {
  const UserName = 'administrator';
  await iam(endpoint, ROOT, 'CreateUser', { UserName });
  await iam(endpoint, ROOT, 'AttachUserPolicy', {
    UserName,
    PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
  });
  const answer = await iam(endpoint, ROOT, 'CreateAccessKey', { UserName });
  const field = (name: string) => new RegExp(`<${name}>([^<]+)`).exec(answer)?.[1] ?? '';
  return { accessKeyId: field('AccessKeyId'), secretAccessKey: field('SecretAccessKey') };
}

const iam = (
  endpoint: string,
  signer: Ministack['credentials'],
  Action: string,
  input: Readonly<Record<string, string>>,
): Promise<string> =>
  call({ ...signer, service: 'iam', endpoint }, '/', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ Version: '2010-05-08', Action, ...input }).toString(),
  });

async function call(
  { endpoint, ...signer }: Ministack['credentials'] & { readonly service: string; readonly endpoint: string },
  path: string,
  init?: RequestInit,
): Promise<string> {
  const client = new AwsClient({ ...signer, region: REGION, retries: 0 });
  const response = await client.fetch(endpoint + path, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${init?.method ?? 'GET'} ${path}: ${response.status} ${text}`);
  return text;
}

/** With the functions it runs. */
async function endGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  process.kill(-(child.pid as number), 'SIGKILL');
  await exited;
}
