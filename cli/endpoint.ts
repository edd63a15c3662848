/** Which service to talk to, and as whom: what the command line says, else the environment, else the local service nearby, else the last login. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import type { Environment } from '#shared/env.ts';
import { ForbiddenError, UnavailableError, ValidationError } from '#shared/errors.ts';
import { loginFile, readLogin } from './login.ts';

export interface EndpointOptions {
  readonly url?: string;
  readonly region?: string;
  /** One of the local service's identities; its first when absent. */
  readonly as?: string;
}

export interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Endpoint {
  /** Without a trailing slash. */
  readonly url: string;
  readonly region: string;
  /** Whose keys sign; when absent the AWS default chain's. */
  readonly identity?: Identity;
  /** PEM: whose signature on evidence counts, where the local service wrote it down. */
  readonly evidenceKey?: string;
  /** Where this was found, for messages. */
  readonly from: string;
}

/** Names a browser and the system resolve to this machine alone. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** What the local service writes for its clients, readable by its own user alone. */
const LocalFile = z.object({
  endpoint: z.url({ protocol: /^http$/, hostname: LOOPBACK }),
  region: z.string().min(1),
  identities: z.array(z.object({ name: z.string(), accessKeyId: z.string(), secretAccessKey: z.string() })).min(1),
  evidenceKey: z.string().optional(),
});
type LocalFile = z.output<typeof LocalFile>;

/** Throws ValidationError for what cannot be used, UnavailableError `no_endpoint` when there is nothing to talk to. */
export async function findEndpoint(options: EndpointOptions, env: Environment, cwd: string): Promise<Endpoint> {
  if (options.url !== undefined) return namedEndpoint(options.url, '--url', options, env);
  if (env.SCANFLEET_URL) return namedEndpoint(env.SCANFLEET_URL, 'SCANFLEET_URL', options, env);
  const path = env.SCANFLEET_STATE
    ? resolve(cwd, env.SCANFLEET_STATE, 'local.json')
    : await nearest(cwd, '.scanfleet/local.json');
  const file = path && (await readLocal(path));
  if (!file) return (await loggedIn(options, env)) ?? nothingFound(path);
  return {
    url: withoutSlash(file.endpoint),
    region: options.region ?? file.region,
    identity: identityNamed(file, options.as),
    ...(file.evidenceKey === undefined ? {} : { evidenceKey: file.evidenceKey }),
    from: path,
  };
}

/** Where `scanfleet login` led. */
async function loggedIn(options: EndpointOptions, env: Environment): Promise<Endpoint | undefined> {
  const path = env.SCANFLEET_STATE ? undefined : loginFile(env);
  const login = path === undefined ? undefined : await readLogin(path);
  if (path === undefined || login === undefined) return undefined;
  return namedEndpoint(login.url, path, { ...options, region: options.region ?? login.region }, env);
}

/** Throws ValidationError for a URL that must not be used; `from` says whose it is. */
export function namedEndpoint(url: string, from: string, options: EndpointOptions, env: Environment): Endpoint {
  if (options.as !== undefined)
    throw invalid('--as', `names an identity of the local service: it cannot be used together with ${from}`);
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol) || parsed.username || parsed.search || parsed.hash)
    throw invalid(
      from,
      `is ${JSON.stringify(url)}; allowed: an https URL without query, as in https://api.example/prod`,
    );
  if (parsed.protocol === 'http:' && !LOOPBACK.test(parsed.hostname))
    throw invalid(from, 'must be https: targets and findings would cross the network readable to all');
  return { url: withoutSlash(parsed.href), region: regionOf(parsed, options, env), from };
}

/** API Gateway's own host names tell the region (https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-call-api.html). */
const GATEWAY_HOST = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;

function regionOf(url: URL, options: EndpointOptions, env: Environment): string {
  const region =
    options.region ?? GATEWAY_HOST.exec(url.hostname)?.[1] ?? (env.AWS_REGION || env.AWS_DEFAULT_REGION || undefined);
  if (region === undefined)
    throw invalid('--region', 'is needed: neither the URL nor AWS_REGION tells the AWS region to sign for');
  return region;
}

/** The file of that relative path in `folder` or the nearest folder above it. */
async function nearest(folder: string, relative: string): Promise<string | undefined> {
  const path = join(folder, relative);
  if (await stat(path).catch(() => undefined)) return path;
  return dirname(folder) === folder ? undefined : nearest(dirname(folder), relative);
}

/** Undefined when there is no such file. A file of another user's could send targets and keys of theirs choosing: it is refused. */
async function readLocal(path: string): Promise<LocalFile | undefined> {
  const info = await stat(path).catch(() => undefined);
  if (!info) return undefined;
  if (info.uid !== process.getuid?.())
    throw new ForbiddenError(
      'foreign_file',
      `${path} belongs to another user: run as that user, or name the service with --url`,
    );
  const parsed = LocalFile.safeParse(parseJson(await readFile(path, 'utf8')));
  if (!parsed.success)
    throw invalid(
      path,
      'is not what the local service writes: end the service and start it again with `scanfleet local`',
    );
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function identityNamed(file: LocalFile, name: string | undefined): Identity {
  const identity = name === undefined ? file.identities[0] : file.identities.find((one) => one.name === name);
  if (!identity)
    throw invalid('--as', `is ${JSON.stringify(name)}; allowed: ${file.identities.map((one) => one.name).join(', ')}`);
  return identity;
}

function nothingFound(path: string | undefined): never {
  throw new UnavailableError(
    'no_endpoint',
    `no service found: ${path ?? 'no .scanfleet/local.json here or in a folder above'}${path ? ' does not exist' : ''}. ` +
      'Start one with `npm start` or `scanfleet local`, or name one with `scanfleet login`, --url or SCANFLEET_URL.',
  );
}

const invalid = (field: string, message: string): ValidationError => new ValidationError([{ field, message }]);

const withoutSlash = (url: string): string => url.replace(/\/+$/, '');
