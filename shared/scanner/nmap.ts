/** nmap: hosts, ports, services and NSE scripts of the harmless categories. */
import * as z from 'zod';
import { RequestsPerSecond, type ScannerDefinition } from './definition.ts';

/** Script categories a caller may ask for. Never brute, dos, exploit, external, fuzzer, intrusive, malware (https://nmap.org/book/nse-usage.html#nse-categories). */
export const NMAP_SCRIPT_CATEGORIES = ['default', 'safe', 'version', 'discovery', 'vuln'] as const;

const PORT_ITEM = /^(\d{1,5})(?:-(\d{1,5}))?$/;

function badPorts(list: string): string | undefined {
  for (const item of list.split(',')) {
    const match = PORT_ITEM.exec(item);
    if (!match) return `has ${JSON.stringify(item)}; allowed: ports and ranges joined by commas, as in 22,80,8000-8100`;
    const [low, high] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (low < 1 || high > 65_535 || low > high)
      return `has ${JSON.stringify(item)}; allowed: 1 to 65535, lower number first`;
  }
  return undefined;
}

const ports = z
  .string()
  .min(1)
  .max(1_000)
  .superRefine((list, ctx) => {
    const bad = badPorts(list);
    if (bad) ctx.addIssue({ code: 'custom', message: bad });
  })
  .describe('TCP ports and ranges joined by commas, as in 22,80,8000-8100');

export const NmapOptions = z
  .strictObject({
    ports: ports.optional(),
    topPorts: z.int().min(1).max(65_535).optional().describe('The N most common ports; not together with ports'),
    serviceDetection: z.boolean().default(false),
    scripts: z.array(z.enum(NMAP_SCRIPT_CATEGORIES)).max(NMAP_SCRIPT_CATEGORIES.length).default([]),
    timing: z.int().min(0).max(5).default(4).describe("nmap's timing template, 0 (slowest) to 5"),
    hostTimeoutSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(900)
      .describe('A host that takes longer is given up and reported as timed out'),
    requestsPerSecond: RequestsPerSecond,
  })
  .refine((o) => o.ports === undefined || o.topPorts === undefined, {
    path: ['topPorts'],
    message: 'cannot be given together with ports',
  });
export type NmapOptions = z.output<typeof NmapOptions>;

export const nmapDefinition: ScannerDefinition = {
  name: 'nmap',
  title: 'Ports, services and harmless NSE scripts',
  options: NmapOptions,
  workerSize: 'small',
  accepts: ['host', 'address', 'cidr', 'url'],
};
