/** The real local service in a process of its own, for tests that speak to it as its users do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { AwsClient } from 'aws4fetch';
import * as z from 'zod';

const MAIN = fileURLToPath(new URL('../../local/main.ts', import.meta.url));

const Ready = z.strictObject({
  endpoint: z.string(),
  region: z.string(),
  identities: z.array(
    z.strictObject({
      name: z.string(),
      tenant: z.string(),
      role: z.string(),
      accessKeyId: z.string(),
      secretAccessKey: z.string(),
    }),
  ),
});
type Ready = z.output<typeof Ready>;
export type Identity = Ready['identities'][number];

export interface ServiceOptions {
  /** A state directory to keep; an ephemeral one when absent. */
  readonly state?: string;
  readonly port?: number;
  /** Further options of the command line. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningService extends Ready {
  readonly pid: number;
  /** One of the seeded identities: `acme`, `globex`, `admin`. */
  as(name: string): Identity;
  /** Sends a signed request. */
  ask(identity: Identity, path: string, init?: AskInit): Promise<Response>;
  /** What it has said on stderr so far. */
  said(): string;
  /** Ends it, by SIGTERM unless told otherwise; its exit code (null: killed). Again: the same. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface AskInit extends Omit<RequestInit, 'body'> {
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly body?: string;
  /** When the signature says it was made. */
  readonly at?: Date;
}

export interface FailedStart {
  readonly code: number | null;
  readonly said: string;
}

/** Starts it and waits until it is ready. Throws with what it said when it ends instead. */
export async function startService(options: ServiceOptions = {}): Promise<RunningService> {
  const started = await tryService(options);
  if ('endpoint' in started) return started;
  throw new Error(`the service ended with ${started.code}: ${started.said}`);
}

/** The same for tests of what stops it from starting. */
export async function tryService({
  state,
  port = 0,
  args = [],
  env,
}: ServiceOptions = {}): Promise<RunningService | FailedStart> {
  const where = state === undefined ? ['--ephemeral'] : ['--state', state];
  const child = spawn(process.execPath, [MAIN, 'serve', '--port', String(port), '--json', ...where, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...cleanEnvironment(), ...env },
  });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const exited = once(child, 'close').then(([code]) => code as number | null);
  const line: string | number | null = await Promise.race([firstLine(child), exited]);
  if (typeof line !== 'string') return { code: line, said };
  const ready = Ready.parse(JSON.parse(line));
  const as = (name: string) => {
    const identity = ready.identities.find((one) => one.name === name);
    if (identity === undefined) throw new Error(`no identity ${name}`);
    return identity;
  };
  return {
    ...ready,
    pid: child.pid as number,
    as,
    ask: (identity, path, init) => ask(ready, identity, path, init),
    said: () => said,
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return exited;
    },
  };
}

/** Nothing of the developer's own AWS or scanfleet settings. */
const cleanEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS_|SCANFLEET_|npm_)/.test(name)));

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) return line;
  return new Promise(() => undefined);
}

async function ask(
  { endpoint, region }: Ready,
  identity: Identity,
  path: string,
  init: AskInit = {},
): Promise<Response> {
  const { json, at, ...rest } = init;
  const body = json === undefined ? init.body : JSON.stringify(json);
  const { accessKeyId, secretAccessKey } = identity;
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 'execute-api', retries: 0 });
  const request = await client.sign(endpoint + path, {
    ...rest,
    ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json', ...rest.headers } }),
    ...(at === undefined ? {} : { aws: { datetime: at.toISOString().replace(/[-:]|\.\d+/g, '') } }),
  });
  return fetch(request);
}
