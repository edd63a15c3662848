/** `list_scanners`: what can be asked for. Needs no service. */
import * as z from 'zod';
import { SCANNERS } from '#shared/scanner/index.ts';
import { defineTool, READS } from '../tool.ts';

export const listScanners = defineTool({
  name: 'list_scanners',
  title: 'List scanners',
  description: 'The scanners that run_untrusted_scan can run, with the options each takes.',
  input: z.strictObject({}),
  output: z.object({
    scanners: z.array(
      z.object({
        name: z.string(),
        title: z.string(),
        accepts: z.array(z.string()).describe('The kinds of target it can scan'),
        options: z.record(z.string(), z.unknown()).describe('JSON Schema of its options'),
      }),
    ),
  }),
  hints: READS,
  run: async () => ({
    scanners: [...SCANNERS.values()].map(({ name, title, accepts, options }) => ({
      name,
      title,
      accepts: [...accepts],
      options: { ...z.toJSONSchema(options, { io: 'input' }) },
    })),
  }),
});
