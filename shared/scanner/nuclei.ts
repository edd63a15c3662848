/** nuclei: known weaknesses, each described by a template, in web applications and other services. */
import * as z from 'zod';
import { SEVERITIES } from '../finding/severity.ts';
import { RequestsPerSecond, type ScannerDefinition } from './definition.ts';

export const NucleiOptions = z.strictObject({
  severity: z
    .array(z.enum(SEVERITIES))
    .max(SEVERITIES.length)
    .default([])
    .describe('Only templates of these severities; all when empty'),
  tags: z
    .array(z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'must be 1 to 64 lower-case letters, digits, - or _'))
    .max(50)
    .default([])
    .describe('Only templates with one of these tags, as in wordpress'),
  templateIds: z
    .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, 'must be 1 to 128 letters, digits, dots, - or _'))
    .max(200)
    .default([])
    .describe('Only these templates, as in CVE-2021-44228'),
  rateLimit: RequestsPerSecond,
});
export type NucleiOptions = z.output<typeof NucleiOptions>;

export const nucleiDefinition: ScannerDefinition = {
  name: 'nuclei',
  title: 'Known weaknesses, by templates',
  options: NucleiOptions,
  workerSize: 'small',
  accepts: ['host', 'address', 'url'],
};
