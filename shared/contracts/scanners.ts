/** GET /scanners: what can be asked for, and what stands in the way of what cannot. */
import * as z from 'zod';
import { SCANNER_NAMES } from '../scanner/definition.ts';
import { TARGET_KINDS } from '../target/target.ts';
import { noBody, none, route } from './route.ts';

export const SCANNER_HEALTH = ['healthy', 'degraded', 'failing', 'unknown', 'unavailable'] as const;

export const INSTANCE_HEALTH = ['healthy', 'unknown', 'unavailable'] as const;

const Instance = z
  .object({
    name: z.string(),
    available: z.boolean(),
    reason: z.string().optional().describe('Why it is not available'),
    version: z.string().optional(),
    health: z.enum(INSTANCE_HEALTH).describe('As a worker saw it in the last ten minutes; unknown: none looked'),
    checkedAt: z.iso.datetime().optional(),
    runningScans: z.int().min(0).optional().describe('On its server when it was looked at, whoever started them'),
    maxConcurrentScans: z.int().min(1),
  })
  .meta({ id: 'ScannerInstance' });

export const ScannersResponse = z
  .object({
    scanners: z.array(
      z
        .object({
          name: z.enum(SCANNER_NAMES),
          title: z.string(),
          available: z.boolean().describe('A submit that asks for one that is not is refused'),
          reason: z.string().optional().describe('Why it is not available'),
          imports: z
            .boolean()
            .describe(
              'Whether its results from elsewhere can be imported (POST /uploads), also where it is not available',
            ),
          version: z.string().optional().describe('Where it is known before a scan; the evidence of each scan has it'),
          health: z
            .enum(SCANNER_HEALTH)
            .describe(
              "By the ends of the tenant's tasks today and yesterday (UTC): all completed, some failed, all failed, or none ended",
            ),
          accepts: z.array(z.enum(TARGET_KINDS)).describe('The kinds of target it can scan'),
          options: z.record(z.string(), z.unknown()).describe('JSON Schema of its options'),
          instances: z.array(Instance).optional().describe('Of a scanner that runs on servers of its own'),
        })
        .meta({ id: 'Scanner' }),
    ),
  })
  .meta({ id: 'Scanners' });
export type ScannersResponse = z.output<typeof ScannersResponse>;
export type ScannerView = ScannersResponse['scanners'][number];

export const listScannersRoute = route({
  method: 'GET',
  path: '/scanners',
  function: 'list-scanners',
  summary: 'What can be asked for: each scanner, whether it is available and how it does',
  request: { path: none, query: none, body: noBody },
  responses: { 200: ScannersResponse },
  streaming: false,
  callers: 'any',
});
