import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Scanner } from '#containers/scan-worker/scanner.ts';
import { scannersWith } from '#containers/scan-worker/scanners/index.ts';
import type { Finding } from '#shared/finding/finding.ts';
import { NmapOptions } from '#shared/scanner/nmap.ts';
import { type Fleet, startFleet } from '#test/support/fleet.ts';
import { descendantsOf } from '#test/support/processes.ts';

let fleet: Fleet;
let server: Server;
let port: number;
const nmap = scannersWith().get('nmap') as Scanner;

beforeEach(async () => {
  fleet = await startFleet();
  server = createServer((socket) => socket.end('220 ready\r\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  server.close();
  await fleet.close();
});

const nmaps = async () => (await descendantsOf(process.pid)).filter(({ name }) => name === 'nmap');

it('finds an open port with the real nmap, and says that all was covered', async () => {
  const options = NmapOptions.parse({ ports: String(port) });
  const { jobId, tenant } = await fleet.submit(['127.0.0.1', '127.0.0.8/30'], { options });
  fleet.work(nmap);
  const job = await fleet.ended(jobId);
  expect(job).toMatchObject({ status: 'completed', summary: { verdict: 'clean', covered: 5, uncovered: 0 } });
  const prefix = `results/${tenant}/${jobId}/0001/1/`;
  const lines = (await fleet.read(`${prefix}findings.ndjson.gz`)).trim().split('\n');
  const findings = lines.map((line): Finding => JSON.parse(line));
  expect(findings.filter(({ location }) => location.host === '127.0.0.1')).toMatchObject([
    { rule: 'open-port', severity: 'info', location: { host: '127.0.0.1', port, protocol: 'tcp' } },
  ]);
  expect(await fleet.read(`${prefix}raw/nmap.xml.gz`)).toContain('</nmaprun>');
  const { runs } = JSON.parse(await fleet.read(`${prefix}evidence.json`));
  expect(runs).toHaveLength(2); // the address without a liveness check, the network with one
});

it('is rid of nmap, and of everything it started, when the job is cancelled', async () => {
  const options = NmapOptions.parse({ ports: '1-65535', timing: 2 });
  const { jobId } = await fleet.submit(['127.0.0.1'], { options });
  fleet.work(nmap);
  await fleet.task(jobId, ({ progress }) => progress !== undefined);
  expect(await nmaps()).not.toEqual([]);
  await fleet.jobs.cancel(jobId, 'tester');
  const job = await fleet.ended(jobId);
  expect(job).toMatchObject({ status: 'cancelled', summary: { verdict: 'no_verdict', covered: 0, uncovered: 1 } });
  expect(await nmaps()).toEqual([]);
});
