/** Running the nmap parser over whole inputs, and making the values its neighbours take. */
import { readFileSync } from 'node:fs';
import type { Exit, ParseSummary, ScanRun, ScanTarget } from '#containers/scan-worker/scanner.ts';
import { nmapParser } from '#containers/scan-worker/scanners/nmap/parse.ts';
import { noFindings } from '#shared/finding/severity.ts';
import { type Input, type Parsed, parseWith } from './parsing.ts';

export const parseNmap = (input: Uint8Array | string, more: Input = {}): Parsed => parseWith(nmapParser, input, more);

const FIXTURES = new URL('./fixtures/nmap/', import.meta.url);

/** What nmap 7.93 wrote in runs on loopback: see the file's own `args`. */
export const nmapFixture = (name: string): Buffer => readFileSync(new URL(`${name}.xml`, FIXTURES));

/** A whole document around `hosts`, as a run that went well writes it. */
export const nmapDocument = (hosts: string, total = 1): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE nmaprun>\n<nmaprun scanner="nmap" version="7.93">` +
  `<scaninfo type="connect" protocol="tcp"/>${hosts}` +
  `<runstats><finished time="1795257738" exit="success"/><hosts up="${total}" down="0" total="${total}"/></runstats></nmaprun>`;

/** A target of its own: a name with the address it resolved to, or an address. */
export const named = (host: string, address = host): ScanTarget => ({ target: host, host, address });
export const member = (range: string, address: string): ScanTarget => ({ target: range, host: address, address });

export const runOf = (targets: readonly ScanTarget[], options: ScanRun['options'] = {}): ScanRun => ({
  targets,
  options,
  requestsPerSecond: 1_000,
  directory: '/nonexistent',
});

export const exitOf = (some: Partial<Exit> = {}): Exit => ({
  code: 0,
  signal: null,
  reason: 'exited',
  stderrTail: '',
  durationMs: 1,
  ...some,
});

/** Of a run of one address that went well. */
export const summaryOf = ({ details, ...some }: Partial<ParseSummary> = {}): ParseSummary => ({
  records: 1,
  findings: 0,
  bySeverity: noFindings(),
  partial: false,
  details: { exit: 'success', errorMessage: '', total: 1, technique: 'connect', version: '7.93', ...details },
  ...some,
});
