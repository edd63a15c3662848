import { describe, expect, it } from 'vitest';
import { UnavailableError } from '#shared/errors.ts';
import {
  availabilitiesWith,
  availabilityOfInstances,
  nessusInstances,
  writeHealth,
} from '#shared/scanner/instances.ts';
import { readRegistry } from '#shared/scanner/registry.ts';
import { memoryResults } from '#test/support/memory-results.ts';
import { nessusAt } from '#test/support/nessus-pool.ts';

const NOW = Date.parse('2026-11-21T12:00:00.000Z');
const ago = (seconds: number) => new Date(NOW - seconds * 1_000).toISOString();

async function seen(instances: readonly object[], health: Readonly<Record<string, object | string>> = {}) {
  const results = memoryResults();
  for (const [name, saw] of Object.entries(health)) {
    if (typeof saw === 'string') results.objects.set(`health/nessus/${name}.json`, Buffer.from(saw));
    else await writeHealth(results, name, saw as Parameters<typeof writeHealth>[2]);
  }
  const registry = async () => readRegistry({ nessus: instances });
  return nessusInstances({ results, registry, now: () => new Date(NOW) });
}
const ONE = nessusAt('https://nessus.example');

describe('an instance', () => {
  it('that nobody has looked at counts as available, or nobody ever would', async () => {
    const [one] = await seen([ONE]);
    expect(one).toEqual({ name: 'one', available: true, health: 'unknown', maxConcurrentScans: 4 });
  });

  it('is as a worker saw it', async () => {
    const saw = { available: true, version: '10.8.3', runningScans: 2, checkedAt: ago(599) };
    expect(await seen([ONE], { one: saw })).toEqual([
      { name: 'one', maxConcurrentScans: 4, health: 'healthy', ...saw },
    ]);
    const down = { available: false, reason: 'it does not answer', checkedAt: ago(1) };
    expect(await seen([ONE], { one: down })).toMatchObject([{ ...down, health: 'unavailable' }]);
  });

  it('that was down ten minutes ago may be asked again', async () => {
    const down = { available: false, reason: 'it does not answer', version: '10.8.3', checkedAt: ago(600) };
    const [one] = await seen([ONE], { one: down });
    expect(one).toMatchObject({ available: true, health: 'unknown', version: '10.8.3' });
    expect(one).not.toHaveProperty('reason');
  });

  it('that is switched off is not available, whatever was seen of it', async () => {
    const saw = { available: true, checkedAt: ago(1) };
    const [one] = await seen([{ ...ONE, enabled: false }], { one: saw });
    expect(one).toMatchObject({
      available: false,
      health: 'unavailable',
      reason: expect.stringContaining('switched off'),
    });
  });

  it.each(['not json', '{"available":"perhaps"}'])('of which %s was stored is unknown', async (stored) => {
    expect(await seen([ONE], { one: stored })).toMatchObject([{ available: true, health: 'unknown' }]);
  });
});

describe('nessus', () => {
  const up = (name: string, version: string) =>
    ({ name, version, available: true, health: 'healthy', maxConcurrentScans: 1 }) as const;
  const down = {
    name: 'two',
    available: false,
    health: 'unavailable',
    maxConcurrentScans: 1,
    reason: 'is down',
  } as const;

  it('is available where one instance is, with the versions there are', () => {
    expect(availabilityOfInstances([up('a', '10.8.3'), down, up('b', '10.8.3'), up('c', '10.7.0')])).toEqual({
      ...{ available: true, version: '10.8.3, 10.7.0' },
    });
  });

  it('is available for what starts by itself where the file names an instance that is switched on', async () => {
    const fixed = { nmap: { available: true } } as const;
    const by = (...nessus: object[]) => availabilitiesWith(fixed, async () => readRegistry({ nessus }))();
    expect(await by(ONE)).toEqual({ ...fixed, nessus: { available: true } });
    expect(await by({ ...ONE, enabled: false })).toMatchObject({ nessus: { available: false } });
    const broken = () => Promise.reject(new UnavailableError('scanners_unreadable', 'it is broken'));
    expect(await availabilitiesWith(fixed, broken)()).toEqual({
      ...{ ...fixed, nessus: { available: false, reason: 'it is broken' } },
    });
  });

  it.each([
    [[down], 'two: is down'],
    [[], 'config/scanners.yaml names no instance of it'],
  ])('is not with %j, and says why and what can be done', (instances, why) =>
    expect(availabilityOfInstances(instances)).toEqual({
      available: false,
      reason: `${why}; results from elsewhere can be imported (POST /uploads)`,
    }),
  );
});
