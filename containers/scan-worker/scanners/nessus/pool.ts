/** The instances of the deployment: how each does, and which of them is to run a scan. */
import { readFile } from 'node:fs/promises';
import { ForbiddenError, ScanfleetError, UnavailableError } from '#shared/errors.ts';
import type { InstanceHealth } from '#shared/scanner/instances.ts';
import type { NessusInstance } from '#shared/scanner/registry.ts';
import type { Secrets } from '#shared/secrets.ts';
import { ScannerBusyError } from '../../procedure.ts';
import type { RetryDeps } from '../../retry.ts';
import { connectionTo } from './connection.ts';
import { readCredentials } from './credentials.ts';
import { type ListedScan, type NessusServer, nessusServer } from './server.ts';
import { isActive } from './status.ts';

export interface PoolDeps extends RetryDeps {
  /** The instances of `config/scanners.yaml`. */
  readonly instances: () => Promise<readonly NessusInstance[]>;
  readonly secrets: Secrets;
  /** Tells everybody how an instance does. */
  readonly publish: (instance: string, health: InstanceHealth) => Promise<void>;
}

/** An instance that answers. */
export interface Member {
  readonly instance: NessusInstance;
  readonly server: NessusServer;
  readonly version: string | undefined;
  /** As its server counts them: ours, those of other workers, and anybody else's. */
  readonly scans: readonly ListedScan[];
}

export interface Pool {
  readonly members: readonly Member[];
  /** Why the others cannot be used. */
  readonly failures: readonly { readonly instance: NessusInstance; readonly error: ScanfleetError }[];
  close(): Promise<void>;
}

/** Asks every enabled instance, or the one that is named, all at once. Rejects as the registry does. */
export async function lookAtPool(deps: PoolDeps, signal: AbortSignal, only?: string): Promise<Pool> {
  const all = await deps.instances();
  const wanted = all.filter(({ enabled, name }) => enabled && (only === undefined || name === only));
  const looks = await Promise.all(wanted.map((instance) => look(deps, instance, signal)));
  const members = looks.flatMap((one) => ('server' in one ? [one] : []));
  return {
    members,
    failures: looks.flatMap((one) => ('error' in one ? [one] : [])),
    close: async () => void (await Promise.all(members.map(({ server }) => server.close()))),
  };
}

/** One that does not answer must not hold up the others for longer. */
const LOOK_MS = 15_000;

async function look(
  deps: PoolDeps,
  instance: NessusInstance,
  signal: AbortSignal,
): Promise<Member | Pool['failures'][number]> {
  let server: NessusServer | undefined;
  try {
    server = await serverOf(deps, instance, signal);
    const probe = server.until(AbortSignal.any([signal, AbortSignal.timeout(LOOK_MS)]));
    const status = await probe.status();
    if (status !== 'ready')
      throw new UnavailableError('nessus_unavailable', `Nessus ${instance.name} is not ready: ${status.slice(0, 50)}`);
    // The list asks for credentials; the version is told to everybody, and not by every edition.
    const scans = await probe.scans();
    return { instance, server, scans, version: await probe.version().catch(() => undefined) };
  } catch (error) {
    await server?.close();
    if (error instanceof ScanfleetError) return { instance, error };
    throw error;
  }
}

async function serverOf(deps: PoolDeps, { name, url, credentials, tls }: NessusInstance, signal: AbortSignal) {
  const [ca, known] = [await readCa(name, tls), await readCredentials(deps.secrets, credentials)];
  return nessusServer({ ...deps, connection: connectionTo({ name, url, ca }), credentials: known }, signal);
}

async function readCa(name: string, tls: NessusInstance['tls']): Promise<string | undefined> {
  if (tls?.caFile === undefined) return tls?.ca;
  const { caFile } = tls;
  return readFile(caFile, 'utf8').catch((cause: unknown) => {
    throw new ForbiddenError('nessus_untrusted', `tls.caFile of Nessus ${name} cannot be read: ${caFile}`, [], {
      cause,
    });
  });
}

const runningOn = ({ scans }: Pick<Member, 'scans'>): number => scans.filter(({ status }) => isActive(status)).length;

/** Leaves word of each instance for those who cannot reach it. Never rejects: it is only told. */
export async function publishPool(deps: PoolDeps, { members, failures }: Pool): Promise<void> {
  const checkedAt = deps.clock.now().toISOString();
  const words: [string, InstanceHealth][] = [
    ...members.map(({ instance, version, ...member }): [string, InstanceHealth] => [
      instance.name,
      { available: true, ...(version === undefined ? {} : { version }), runningScans: runningOn(member), checkedAt },
    ]),
    ...failures.map(({ instance, error }): [string, InstanceHealth] => [
      instance.name,
      { available: false, reason: error.message, checkedAt },
    ]),
  ];
  await Promise.all(words.map(([name, health]) => tell(deps, name, health)));
}

/** An instance that answers, and does not let us scan. */
export const publishFailure = (deps: PoolDeps, { name }: NessusInstance, { message }: ScanfleetError): Promise<void> =>
  tell(deps, name, { available: false, reason: message, checkedAt: deps.clock.now().toISOString() });

const tell = (deps: PoolDeps, name: string, health: InstanceHealth): Promise<void> =>
  deps.publish(name, health).catch((error: unknown) => {
    deps.log.warn('how an instance does could not be told', { instance: name, error });
  });

/**
 * Those with room, the one that is loaded least first. Throws ScannerBusyError when all are full; where none answers, the failure that may
 * pass, or else the first.
 */
export function membersWithRoom({ members, failures }: Pick<Pool, 'members' | 'failures'>): Member[] {
  if (members.length === 0) throw worthTellingOf(failures.map(({ error }) => error)) ?? noInstance();
  const free = members.filter((member) => runningOn(member) < member.instance.maxConcurrentScans);
  if (free.length === 0) {
    const loads = members.map(
      (member) => `${member.instance.name} ${runningOn(member)} of ${member.instance.maxConcurrentScans}`,
    );
    throw new ScannerBusyError(`every Nessus is full (${loads.join(', ')})`);
  }
  return free.sort((a, b) => loadOf(a) - loadOf(b));
}

const loadOf = (member: Member): number => runningOn(member) / member.instance.maxConcurrentScans;

export const worthTellingOf = (errors: readonly ScanfleetError[]): ScanfleetError | undefined =>
  errors.find(({ retryable }) => retryable) ?? errors[0];

const noInstance = () =>
  new ForbiddenError('scanner_unavailable', 'config/scanners.yaml names no enabled instance for it');

/**
 * Whether a scan that was created, and not launched yet, would be one too many: several workers may have seen the same room. Whoever came
 * first has it, as ids count up: those at work, and those of ours about to be.
 */
export function isOneTooMany(id: number, scans: readonly ListedScan[], maxConcurrentScans: number): boolean {
  const before = scans.filter(
    (scan) => scan.id !== id && (isActive(scan.status) || (isOurs(scan) && scan.status === 'empty' && scan.id < id)),
  );
  return before.length >= maxConcurrentScans;
}

const PREFIX = 'scanfleet ';
const isOurs = ({ name }: Pick<ListedScan, 'name'>): boolean => name.startsWith(PREFIX);

/** What our scans are called on a server, so that a later attempt finds what an earlier one left behind. */
export const scanName = (task: { jobId: string; taskId: string; attempt: number }): string =>
  `${taskPrefix(task)}${task.attempt}`;
export const taskPrefix = ({ jobId, taskId }: { jobId: string; taskId: string }): string =>
  `${PREFIX}${jobId}/${taskId}/`;
