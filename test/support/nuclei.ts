/** Records of nuclei, its corpora, and the values around a run of it. */
import * as z from 'zod';
import type { ParseSummary } from '#containers/scan-worker/scanner.ts';
import { nucleiParser } from '#containers/scan-worker/scanners/nuclei/parse.ts';
import { noFindings } from '#shared/finding/severity.ts';
import { corporaOf } from './corpora.ts';
import { type Input, parseWith } from './parsing.ts';

const Oracle = z.object({ records: z.int(), severity: z.record(z.string(), z.int()) });

/** Empty where there are no corpora. */
export const nucleiCorpora = () => corporaOf('nuclei', Oracle);

export const parseNuclei = (input: Uint8Array | string, more: Input = {}) => parseWith(nucleiParser, input, more);

/** One record with all that parsing needs, and `more`; undefined takes a field away. */
export const nucleiRecord = (more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  'template-id': 'exposed-panel',
  info: { name: 'Exposed panel', severity: 'medium' },
  type: 'http',
  host: 'https://app.example',
  'matched-at': 'https://app.example/panel',
  ip: '192.0.2.7',
  timestamp: '2026-11-20T12:00:00.123456789+02:00',
  'matcher-status': true,
  ...more,
});

/** One object of statistics, as nuclei writes it: all texts. */
export const statsLine = (requests: number, total: number, errors = 0): string =>
  `${JSON.stringify({
    duration: '0:00:01',
    errors: String(errors),
    hosts: '1',
    matched: '0',
    percent: String(Math.floor((100 * requests) / (total || 1))),
    requests: String(requests),
    rps: '10',
    templates: '3',
    total: String(total),
  })}\n`;

/** Of a run that went well and found nothing. */
export const nucleiSummary = ({ details, ...some }: Partial<ParseSummary> = {}): ParseSummary => ({
  records: 0,
  findings: 0,
  bySeverity: noFindings(),
  partial: false,
  details: { requests: 10, total: 10, errors: 0, skipped: '', ...details },
  ...some,
});
