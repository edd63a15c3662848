/** `scanfleet scanners` as a process. */
import { expect } from 'vitest';
import type { ScannersResponse } from '#shared/contracts/scanners.ts';
import { it } from '#test/support/cli-test.ts';
import { json } from '#test/support/contract-server.ts';

const SCANNERS: ScannersResponse = {
  scanners: [
    {
      ...{ name: 'nmap', title: 'Ports', available: true, version: '7.93', health: 'healthy' },
      ...{ imports: false, accepts: ['host'], options: { type: 'object' } },
    },
    {
      ...{
        name: 'nuclei',
        title: 'Weaknesses',
        available: false,
        reason: 'nuclei is not installed',
        health: 'unavailable',
      },
      ...{ imports: false, accepts: ['url'], options: { type: 'object' } },
    },
    {
      ...{ name: 'nessus', title: 'Hosts', available: true, version: '10.8.3', health: 'unknown' },
      ...{ imports: true, accepts: ['host', 'upload'], options: { type: 'object' } },
      instances: [
        { name: 'one', available: true, version: '10.8.3', health: 'healthy', runningScans: 1, maxConcurrentScans: 4 },
        { name: 'two', available: false, reason: 'it does not answer', health: 'unavailable', maxConcurrentScans: 4 },
        { name: 'three', available: true, health: 'unknown', maxConcurrentScans: 2 },
      ],
    },
  ],
};

it('shows each scanner and its instances, and of one that is not there why', async ({ server, scanfleet }) => {
  server.answer(json(200, SCANNERS));
  const { stdout, code } = await scanfleet('scanners');
  expect(code).toBe(0);
  expect(stdout.split('\n').map((line) => line.trimEnd())).toEqual([
    'SCANNER  AVAILABLE  VERSION  HEALTH       WHAT',
    'nmap     yes        7.93     healthy      Ports',
    'nuclei   no         -        unavailable  nuclei is not installed',
    'nessus   yes        10.8.3   unknown      Hosts',
    '  one    yes        10.8.3   healthy      1 of 4 scans',
    '  two    no         -        unavailable  it does not answer',
    '  three  yes        -        unknown      up to 2 scans',
    '',
  ]);
  expect(server.received[0]?.url.pathname).toBe('/scanners');
});

it('shows what can be imported where it cannot be scanned', async ({ server, scanfleet }) => {
  const nessus = {
    ...{ name: 'nessus', title: 'Hosts', available: false, reason: 'no instance', health: 'unavailable' },
    ...{ imports: true, accepts: ['upload'], options: { type: 'object' } },
  };
  server.answer(json(200, { scanners: [nessus] }));
  const { stdout } = await scanfleet('scanners');
  expect(stdout).toContain('nessus   import only  -        unavailable  no instance\n');
});

it('--json is the document', async ({ server, scanfleet }) => {
  server.answer(json(200, SCANNERS));
  const { stdout } = await scanfleet('scanners', '--json');
  expect(JSON.parse(stdout)).toEqual(SCANNERS);
});
