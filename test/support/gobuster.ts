/** Outputs of gobuster, its corpora, and the real program where it is. */
import { spawnSync } from 'node:child_process';
import * as z from 'zod';
import type { ParseSummary } from '#containers/scan-worker/scanner.ts';
import { gobusterParser } from '#containers/scan-worker/scanners/gobuster/parse.ts';
import { noFindings } from '#shared/finding/severity.ts';
import { corporaOf } from './corpora.ts';
import { type Input, parseWith } from './parsing.ts';

const Oracle = z.object({ results: z.int(), status: z.record(z.string(), z.int()), redirects: z.int() });

/** Empty where there are no corpora. */
export const gobusterCorpora = () => corporaOf('gobuster', Oracle);

export const parseGobuster = (input: Uint8Array | string, more: Input = {}) => parseWith(gobusterParser, input, more);

/** Whether the program is on this machine. */
export const hasGobuster = spawnSync('gobuster', ['version']).status === 0;

/** Of a run that went well and found nothing. */
export const gobusterSummary = ({ details, ...some }: Partial<ParseSummary> = {}): ParseSummary => ({
  records: 0,
  findings: 0,
  bySeverity: noFindings(),
  partial: false,
  details: { errors: 0, firstError: '', unresolved: false, ...details },
  ...some,
});
