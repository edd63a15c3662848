import { describe, expect, it } from 'vitest';
import { listScanners } from '#functions/list-scanners/list-scanners.ts';
import { httpHandler } from '#functions/middleware/http.ts';
import { routes } from '#shared/contracts/routes.ts';
import { ScannersResponse } from '#shared/contracts/scanners.ts';
import { UnavailableError } from '#shared/errors.ts';
import { FIGURES, type Figures } from '#shared/job/statistics.ts';
import type { Availabilities } from '#shared/scanner/availability.ts';
import type { ScannerName } from '#shared/scanner/definition.ts';
import type { InstanceState } from '#shared/scanner/instances.ts';
import { captureLog } from '#test/support/log-lines.ts';
import { CALLERS, call } from '#test/support/proxy-event.ts';

const middleware = { jobs: { takeToken: async () => ({ ok: true }) as const }, callers: CALLERS };
const NOTHING = Object.fromEntries(FIGURES.map((name) => [name, 0])) as Figures;
const HERE: Availabilities = {
  nmap: { available: true, version: '7.93' },
  nuclei: { available: false, reason: 'nuclei is not installed' },
};

async function ask(
  figures: readonly [ScannerName, Partial<Figures>][] = [],
  instances: () => Promise<readonly InstanceState[]> = async () => [],
) {
  captureLog();
  const asked: string[][] = [];
  const jobs = {
    readStats: async (...range: [string, string, string]) => {
      asked.push(range);
      return figures.map(([scanner, some]) => ({ day: range[1], scanner, figures: { ...NOTHING, ...some } }));
    },
  };
  const now = () => new Date('2026-03-01T00:00:01.000Z');
  const handler = httpHandler(routes.listScanners, middleware, (input) =>
    listScanners({ jobs, availability: HERE, instances, now }, input),
  );
  const { status, json } = await call(handler, { path: '/scanners' });
  expect(status).toBe(200);
  const { scanners } = ScannersResponse.parse(json);
  return { asked, scanners, of: (name: ScannerName) => scanners.find((scanner) => scanner.name === name) };
}

describe('GET /scanners', () => {
  it('tells of each scanner what it takes, and whether it is there', async () => {
    const { scanners, of } = await ask();
    expect(scanners.map(({ name }) => name)).toEqual(['nmap', 'nuclei', 'gobuster', 'nessus', 'axe']);
    expect(of('nmap')).toMatchObject({
      title: 'Ports, services and harmless NSE scripts',
      available: true,
      version: '7.93',
      imports: false,
      accepts: ['host', 'address', 'cidr', 'url'],
      options: { properties: { ports: { type: 'string' } } },
    });
    expect(of('nessus')).toMatchObject({ available: false, imports: true });
    expect(of('nuclei')).toMatchObject({ available: false, reason: 'nuclei is not installed', health: 'unavailable' });
    expect(of('gobuster')).toMatchObject({
      available: false,
      reason: 'the workers of this deployment come without gobuster',
    });
  });

  it.each<[string, Partial<Figures>[]]>([
    ['unknown', []],
    ['unknown', [{ nTimedOut: 3, nCancelled: 2 }]],
    ['healthy', [{ nCompleted: 3 }, { nCompleted: 1, nTimedOut: 1 }]],
    ['degraded', [{ nCompleted: 3 }, { nFailed: 1 }]],
    ['failing', [{ nFailed: 1 }, { nFailed: 2 }]],
  ])('calls one %s after days of %j', async (health, days) => {
    const { of } = await ask(days.map((figures) => ['nmap', figures]));
    expect(of('nmap')?.health).toBe(health);
  });

  it('tells of each instance of nessus how it does', async () => {
    const one = { name: 'one', available: true, health: 'healthy', maxConcurrentScans: 4, version: '10.8.3' } as const;
    const two = {
      name: 'two',
      available: false,
      health: 'unavailable',
      maxConcurrentScans: 4,
      reason: 'is down',
    } as const;
    const { of } = await ask([], async () => [one, two]);
    expect(of('nessus')).toMatchObject({ available: true, version: '10.8.3', instances: [one, two] });
    expect(of('nmap')).not.toHaveProperty('instances');
    const none = await ask([], async () => [two]);
    expect(none.of('nessus')).toMatchObject({ available: false, health: 'unavailable' });
    expect(none.of('nessus')?.reason).toBe('two: is down; results from elsewhere can be imported (POST /uploads)');
  });

  it('shows all other scanners where the list of instances cannot be read', async () => {
    const { of } = await ask([], () => Promise.reject(new UnavailableError('scanners_unreadable', 'it is broken')));
    expect(of('nessus')).toMatchObject({ available: false, reason: 'it is broken', instances: [] });
    expect(of('nmap')).toMatchObject({ available: true });
  });

  it("judges by the caller's own scans of today and yesterday, and of each scanner by its own", async () => {
    const { asked, of } = await ask([['axe', { nFailed: 1 }]]);
    expect(asked).toEqual([['111111111111', '2026-02-28', '2026-03-01']]);
    expect(of('nmap')?.health).toBe('unknown');
  });
});
