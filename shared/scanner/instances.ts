/**
 * How the instances of a scanner do. Functions cannot reach them: a worker looks whenever it has a task for one, and leaves what it saw in
 * the results bucket. What it saw holds for a while; afterwards, as before the first look, an instance counts as available until shown
 * otherwise, or nobody would ever look again.
 */
import * as z from 'zod';
import type { INSTANCE_HEALTH } from '../contracts/scanners.ts';
import { type FieldError, NotFoundError, UnavailableError } from '../errors.ts';
import { healthKey, type Results } from '../finding/results.ts';
import { collect } from '../report/bytes.ts';
import type { Availabilities, Availability } from './availability.ts';
import type { ScannerRequest } from './definition.ts';
import type { NessusInstance, ScannerRegistry } from './registry.ts';

const InstanceHealth = z.object({
  available: z.boolean(),
  version: z.string().optional(),
  /** Why it is not available. */
  reason: z.string().optional(),
  runningScans: z.int().min(0).optional(),
  checkedAt: z.iso.datetime(),
});
/** What a worker saw. */
export type InstanceHealth = z.output<typeof InstanceHealth>;

/** What is shown of an instance. */
export interface InstanceState extends Partial<InstanceHealth> {
  readonly name: string;
  readonly available: boolean;
  readonly maxConcurrentScans: number;
  /** `unknown`: nobody looked lately. */
  readonly health: (typeof INSTANCE_HEALTH)[number];
}

const HOLDS_MS = 10 * 60_000;

export const writeHealth = async (
  results: Pick<Results, 'write'>,
  instance: string,
  health: InstanceHealth,
): Promise<void> => {
  await results.write(healthKey('nessus', instance), Buffer.from(JSON.stringify(health)), 'application/json');
};

/** Undefined where nobody has looked yet, or what was seen cannot be read any more. */
async function readHealth(results: Pick<Results, 'read'>, instance: string): Promise<InstanceHealth | undefined> {
  try {
    const text = Buffer.from(await collect(results.read(healthKey('nessus', instance)))).toString();
    return InstanceHealth.safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof NotFoundError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export interface InstancesDeps {
  readonly results: Pick<Results, 'read'>;
  readonly registry: () => Promise<ScannerRegistry>;
  readonly now: () => Date;
}

/** In the registry's order. Throws as the registry and the bucket do. */
export async function nessusInstances({ results, registry, now }: InstancesDeps): Promise<InstanceState[]> {
  const { nessus } = await registry();
  return Promise.all(
    nessus.map(async (instance) =>
      stateOf(instance, instance.enabled ? await readHealth(results, instance.name) : undefined, now()),
    ),
  );
}

function stateOf(
  { name, enabled, maxConcurrentScans }: NessusInstance,
  seen: InstanceHealth | undefined,
  now: Date,
): InstanceState {
  const about = { name, maxConcurrentScans };
  if (!enabled)
    return { ...about, available: false, health: 'unavailable', reason: 'it is switched off in config/scanners.yaml' };
  if (seen === undefined) return { ...about, available: true, health: 'unknown' };
  const isFresh = now.getTime() - Date.parse(seen.checkedAt) < HOLDS_MS;
  if (!isFresh) return { ...about, available: true, health: 'unknown', ...versionOf(seen), checkedAt: seen.checkedAt };
  return { ...about, ...seen, health: seen.available ? 'healthy' : 'unavailable' };
}

const versionOf = ({ version }: InstanceHealth) => (version === undefined ? {} : { version });

/** One that can be used makes the scanner available. Its files can be imported in any case, which needs no server. */
export function availabilityOfInstances(instances: readonly InstanceState[]): Availability {
  const usable = instances.filter(({ available }) => available);
  if (usable.length > 0) {
    const versions = [...new Set(usable.flatMap(({ version }) => version ?? []))];
    return { available: true, ...(versions.length > 0 ? { version: versions.join(', ') } : {}) };
  }
  const why = instances.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  const reason = why || 'config/scanners.yaml names no instance of it';
  return { available: false, reason: `${reason}; results from elsewhere can be imported (POST /uploads)` };
}

/** What there is, for what starts by itself. Of Nessus by the registry alone: whether an instance can be used then, its worker sees. */
export const availabilitiesWith =
  (fixed: Availabilities, registry: () => Promise<ScannerRegistry>) => async (): Promise<Availabilities> => {
    try {
      const { nessus } = await registry();
      const unseen = nessus.map((instance) => stateOf(instance, undefined, new Date(0)));
      return { ...fixed, nessus: availabilityOfInstances(unseen) };
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      return { ...fixed, nessus: { available: false, reason: error.message } };
    }
  };

/** Of a submit that names an instance: whether there is one of that name, and why it cannot be used. */
export function faultsOfInstances(
  scanners: readonly ScannerRequest[],
  instances: readonly InstanceState[],
): FieldError[] {
  return scanners.flatMap(({ name, options }, at) => {
    if (name !== 'nessus' || options.instance === undefined) return [];
    const field = `scanners[${at}].options.instance`;
    const named = instances.find((instance) => instance.name === options.instance);
    if (named?.available) return [];
    const known = instances.map((instance) => instance.name).join(', ') || 'none';
    return [{ field, message: named ? `is unavailable: ${named.reason}` : `names no instance; there are: ${known}` }];
  });
}
