/** What a scanner of Nessus needs around it, for tests: instances, their keys, and what it publishes. */
import { systemClock } from '#containers/scan-worker/clock.ts';
import type { PoolDeps } from '#containers/scan-worker/scanners/nessus/pool.ts';
import type { InstanceHealth } from '#shared/scanner/instances.ts';
import { type NessusInstance, readRegistry } from '#shared/scanner/registry.ts';
import { KEYS, LOGIN } from './fake-nessus.ts';
import { silentLog } from './silent-log.ts';

export const SECRETS: Readonly<Record<string, string>> = {
  SCANFLEET_SECRET_KEYS: JSON.stringify(KEYS),
  SCANFLEET_SECRET_LOGIN: JSON.stringify(LOGIN),
  SCANFLEET_SECRET_WRONG: JSON.stringify({ accessKey: 'wrong-access', secretKey: 'wrong-secret' }),
};

/** As in config/scanners.yaml. */
export const nessusAt = (url: string, more: object = {}) => ({
  ...{ name: 'one', url, credentials: { environment: 'SCANFLEET_SECRET_KEYS' }, pollSeconds: 0.1 },
  ...more,
});

export interface TestPool extends PoolDeps {
  readonly published: Map<string, InstanceHealth>;
}

/** Instances as written in the file. The clock never waits, and tries follow each other at once. */
export function poolOf(instances: readonly object[], more: Partial<PoolDeps> = {}): TestPool {
  const { nessus }: { nessus: readonly NessusInstance[] } = readRegistry({ nessus: instances });
  const published = new Map<string, InstanceHealth>();
  return {
    published,
    instances: async () => nessus,
    secrets: { read: async ({ environment = '' }) => SECRETS[environment] ?? '' },
    publish: async (name, health) => void published.set(name, health),
    clock: { ...systemClock, sleep: () => new Promise((resolve) => setImmediate(resolve)) },
    random: () => 0,
    log: silentLog,
    ...more,
  };
}
