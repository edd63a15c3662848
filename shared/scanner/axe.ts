/** axe: faults in web pages that shut people out, found by axe-core in a real browser. */
import * as z from 'zod';
import { RequestsPerSecond, type ScannerDefinition } from './definition.ts';

/** testing: the target's own page. discovery: also the pages of its origin that lead on from there. */
export const AXE_MODES = ['testing', 'discovery'] as const;

/** axe-core's tags for the levels of WCAG (https://github.com/dequelabs/axe-core/blob/develop/doc/API.md#axe-core-tags); 2.1 and 2.2 add to 2.0. */
export const AXE_STANDARDS = [
  'wcag2a',
  'wcag2aa',
  'wcag2aaa',
  'wcag21a',
  'wcag21aa',
  'wcag22aa',
  'best-practice',
] as const;

/** Sizes of the window, in CSS pixels. */
export const AXE_VIEWPORTS = { desktop: { width: 1_280, height: 720 }, mobile: { width: 390, height: 844 } } as const;
const VIEWPORT_NAMES = ['desktop', 'mobile'] as const satisfies (keyof typeof AXE_VIEWPORTS)[];

/** Coverage names each of them. */
export const MAX_AXE_PAGES = 100;

const Selectors = z.array(z.string().min(1).max(200)).max(10).default([]);

export const AxeOptions = z.strictObject({
  mode: z
    .enum(AXE_MODES)
    .default('testing')
    .describe("testing: the target's own page; discovery: also pages of its origin that links lead to"),
  maxPages: z.int().min(1).max(MAX_AXE_PAGES).default(20).describe('Of discovery: no more pages are opened'),
  respectRobots: z.boolean().default(true).describe('Of discovery: leave out what robots.txt keeps robots from'),
  standards: z
    .array(z.enum(AXE_STANDARDS))
    .min(1)
    .max(AXE_STANDARDS.length)
    .default(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'])
    .describe('Which rules: levels of WCAG 2.0, 2.1 and 2.2, and best-practice'),
  include: Selectors.describe('CSS selectors: only what they match is tested; all of the page when empty'),
  exclude: Selectors.describe('CSS selectors: what they match is not tested'),
  viewport: z.enum(VIEWPORT_NAMES).default('desktop').describe('desktop: 1280 × 720; mobile: 390 × 844'),
  pageTimeoutSeconds: z.int().min(1).max(300).default(30).describe('A page that takes longer is given up'),
  needsReview: z.boolean().default(false).describe('Also what axe cannot decide by itself, as info'),
  insecureTls: z.boolean().default(false).describe("Go on where the server's certificate cannot be verified"),
  requestsPerSecond: RequestsPerSecond,
});
export type AxeOptions = z.output<typeof AxeOptions>;

export const axeDefinition: ScannerDefinition = {
  name: 'axe',
  title: 'Accessibility of web pages, by the rules of WCAG',
  options: AxeOptions,
  workerSize: 'large',
  accepts: ['host', 'address', 'url'],
};
