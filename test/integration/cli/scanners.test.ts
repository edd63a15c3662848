/** `scanfleet scanners` as a process. */
import { expect } from 'vitest';
import type { ScannersResponse } from '#shared/contracts/scanners.ts';
import { it } from '#test/support/cli-test.ts';
import { json } from '#test/support/contract-server.ts';

const SCANNERS: ScannersResponse = {
  scanners: [
    {
      ...{ name: 'nmap', title: 'Ports', available: true, version: '7.93', health: 'healthy' },
      ...{ accepts: ['host'], options: { type: 'object' } },
    },
    {
      ...{
        name: 'nuclei',
        title: 'Weaknesses',
        available: false,
        reason: 'nuclei is not installed',
        health: 'unavailable',
      },
      ...{ accepts: ['url'], options: { type: 'object' } },
    },
  ],
};

it('shows each scanner, and of one that is not there why', async ({ server, scanfleet }) => {
  server.answer(json(200, SCANNERS));
  const { stdout, code } = await scanfleet('scanners');
  expect(code).toBe(0);
  expect(stdout.split('\n').map((line) => line.trimEnd())).toEqual([
    'SCANNER  AVAILABLE  VERSION  HEALTH       WHAT',
    'nmap     yes        7.93     healthy      Ports',
    'nuclei   no         -        unavailable  nuclei is not installed',
    '',
  ]);
  expect(server.received[0]?.url.pathname).toBe('/scanners');
});

it('--json is the document', async ({ server, scanfleet }) => {
  server.answer(json(200, SCANNERS));
  const { stdout } = await scanfleet('scanners', '--json');
  expect(JSON.parse(stdout)).toEqual(SCANNERS);
});
