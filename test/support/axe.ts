/** Results of axe-core, its corpora, the values around a run of axe, and the real browser where it is. */
import { spawnSync } from 'node:child_process';
import * as z from 'zod';
import type { ParseSummary } from '#containers/scan-worker/scanner.ts';
import { axeParser } from '#containers/scan-worker/scanners/axe/parse.ts';
import type { PageCoverage } from '#shared/finding/coverage.ts';
import { noFindings } from '#shared/finding/severity.ts';
import { corporaOf } from './corpora.ts';
import { type Input, parseWith } from './parsing.ts';

const Oracle = z.object({
  violations: z.int(),
  violation_nodes: z.int(),
  /** Of the rules. */
  impact: z.record(z.string(), z.int()),
});

/** Empty where there are no corpora. */
export const axeCorpora = () => corporaOf('axe', Oracle);

export const parseAxe = (input: Uint8Array | string, more: Input = {}) => parseWith(axeParser, input, more);

/** Whether the browser is on this machine. */
export const hasChromium = spawnSync('chromium', ['--version']).status === 0;

/** One rule that is broken at one place, and `more`. */
export const axeRule = (more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  id: 'color-contrast',
  impact: 'serious',
  tags: ['cat.color', 'wcag2aa', 'wcag143'],
  description: 'Ensure the contrast is sufficient',
  help: 'Elements must meet minimum color contrast ratio thresholds',
  helpUrl: 'https://dequeuniversity.com/rules/axe/4.13/color-contrast',
  nodes: [axeNode()],
  ...more,
});

export const axeNode = (more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  impact: 'serious',
  html: '<p>pale</p>',
  target: ['main > p'],
  failureSummary: 'Fix any of the following:\n  Element has insufficient color contrast',
  ...more,
});

/** A result as axe-core gives it, and `more`. */
export const axeResult = (more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  testEngine: { name: 'axe-core', version: '4.13.0' },
  timestamp: '2026-11-20T10:00:00.000Z',
  url: 'https://app.example/shop',
  violations: [axeRule()],
  incomplete: [],
  ...more,
});

/** A line of our runner about a page; a result beside it only where it was tested. */
export const pageLine = (page: PageCoverage, result: Readonly<Record<string, unknown>> = {}): string =>
  `${JSON.stringify({ page, blocked: 0, ...result })}\n`;

export const endLine = (unvisited = 0): string => `${JSON.stringify({ end: true, unvisited })}\n`;

/** Of a run that went through and found nothing. */
export const axeSummary = ({ details, ...some }: Partial<ParseSummary> = {}): ParseSummary => ({
  records: 0,
  findings: 0,
  bySeverity: noFindings(),
  partial: false,
  details: { ended: true, unvisited: 0, undecided: 0, blocked: 0, omitted: 0, ...details },
  ...some,
});
