/** `list_scanners`: GET /scanners. */
import * as z from 'zod';
import { INSTANCE_HEALTH, SCANNER_HEALTH } from '#shared/contracts/scanners.ts';
import { defineTool, READS } from '../tool.ts';

export const listScanners = defineTool({
  name: 'list_scanners',
  title: 'List scanners',
  description:
    'The scanners that run_untrusted_scan can run, with the options each takes; of those it cannot run now, why.',
  input: z.strictObject({}),
  output: z.object({
    scanners: z.array(
      z.object({
        name: z.string(),
        title: z.string(),
        available: z.boolean(),
        reason: z.string().nullable().describe('Why it is not available'),
        imports: z
          .boolean()
          .describe('Whether its results from elsewhere can be imported, also where it is not available'),
        version: z.string().nullable(),
        health: z.enum(SCANNER_HEALTH).describe("By how one's own scans of today and yesterday ended"),
        accepts: z.array(z.string()).describe('The kinds of target it can scan'),
        instances: z
          .array(
            z.object({
              name: z.string().describe('For the option instance'),
              available: z.boolean(),
              reason: z.string().nullable(),
              version: z.string().nullable(),
              health: z.enum(INSTANCE_HEALTH),
            }),
          )
          .describe('The servers it runs on, where it runs on servers of its own'),
        options: z.record(z.string(), z.unknown()).describe('JSON Schema of its options'),
      }),
    ),
  }),
  hints: READS,
  async run(client, _input, signal) {
    const { scanners } = await client.call('listScanners', {}, signal);
    return {
      scanners: scanners.map(({ reason = null, version = null, instances = [], ...scanner }) => ({
        ...{ ...scanner, reason, version },
        instances: instances.map(({ name, available, health, ...one }) => ({
          ...{ name, available, health, reason: one.reason ?? null, version: one.version ?? null },
        })),
      })),
    };
  },
});
