/** `run_untrusted_scan`: POST /jobs. "Untrusted" is its callers' word for a scan that holds no credentials of the target. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type ScanfleetError, UnavailableError } from '#shared/errors.ts';
import { RECIPE_NAMES } from '#shared/follow-up/recipes.ts';
import { HEADERS } from '#shared/names.ts';
import { PROFILES } from '#shared/report/profile.ts';
import { STATUSES } from '#shared/status.ts';
import { ApiError } from '../../api-error.ts';
import { amount } from '../../job-view.ts';
import type { SubmitBody } from '../../submit-request.ts';
import { defineTool } from '../tool.ts';
import { ScannerInput, ScannerInstance, scannerInstance, scannerType } from '../words.ts';

const DEFAULT_SCANNER = 'nmap';

const OptionsInput = z
  .record(z.string(), z.unknown())
  .describe("The scanner's options; list_scanners gives the schema of each");

const Input = z
  .strictObject({
    targets: z
      .union([z.array(z.string()).min(1), z.string().min(1)], 'must be a list of texts, or one text that is not empty')
      .describe(
        'Host names, IP addresses, CIDRs or http(s) URLs: a list, or one text with commas or spaces between them',
      ),
    name: z.string().optional().describe('What to call the scan'),
    description: z.string().optional().describe('What it is for'),
    schema_profile: z.enum(PROFILES).optional().describe('How much of a finding its results show; brief when absent'),
    idempotency_key: z
      .string()
      .optional()
      .describe('1 to 255 visible ASCII characters. The same key and request never make a second scan, for 24 h'),
    scanner: ScannerInput.optional().describe(`What to run; ${DEFAULT_SCANNER} when absent`),
    options: OptionsInput.optional(),
    recipe: z
      .enum(RECIPE_NAMES)
      .optional()
      .describe(
        'A chain of scans in place of scanner: what the first ones find starts others. web: all that speaks HTTP',
      ),
    scanners: z
      .array(z.strictObject({ name: ScannerInput, options: OptionsInput.optional() }))
      .min(1)
      .optional()
      .describe('To run several over the same targets, in place of scanner and options'),
  })
  .refine(
    ({ scanner, options, scanners }) => scanners === undefined || (scanner === undefined && options === undefined),
    { path: ['scanners'], message: 'cannot be given together with scanner or options: give one or the other' },
  );

/** A recipe has scanners of its own. */
const oneScanner = ({ scanner, options, recipe }: z.output<typeof Input>): SubmitBody['scanners'] =>
  recipe !== undefined && scanner === undefined ? undefined : [{ name: scanner ?? DEFAULT_SCANNER, options }];

/** The API's request. What its values must be is the service's to say, at one place for all clients. */
export const submitBody = (input: z.output<typeof Input>): SubmitBody => ({
  targets: typeof input.targets === 'string' ? input.targets.split(/[\s,]+/).filter(Boolean) : input.targets,
  scanners: input.scanners ?? oneScanner(input),
  recipe: input.recipe,
  name: input.name,
  description: input.description,
  profile: input.schema_profile,
});

export const runUntrustedScan = defineTool({
  name: 'run_untrusted_scan',
  title: 'Start a scan',
  description:
    'Start a scan of hosts, networks or URLs, without credentials for them. Returns at once with a task_id: the scan runs on by itself ' +
    'and survives this client. Scan only what the user may scan. Follow it with get_scan_status.',
  input: Input,
  output: z.object({
    task_id: z.string().describe('Keep it: any client can go on with it'),
    trace_id: z.string(),
    status: z.enum(STATUSES),
    scanner_type: z.string(),
    scanner_instance: ScannerInstance,
    queue_position: z.int().min(0).describe('About how many tasks are before it'),
    message: z.string(),
  }),
  hints: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  async run(client, input, signal) {
    const key = input.idempotency_key ?? randomUUID();
    const request = { body: submitBody(input), headers: { [HEADERS.idempotencyKey]: key } };
    const job = await client.call('submitJob', request, signal).catch((error: unknown) => {
      throw isUnanswered(error) ? unanswered(error, key) : error;
    });
    return {
      task_id: job.jobId,
      trace_id: job.traceId,
      status: job.status,
      scanner_type: scannerType(job),
      scanner_instance: scannerInstance(job),
      queue_position: job.queuePosition,
      message:
        `Accepted: ${amount(job.tasks.total, 'task')} over ${amount(job.targetCount, 'target')}. ` +
        'Call get_scan_status until status is completed, failed, timed_out or cancelled, then get_scan_results.',
    };
  },
});

const isUnanswered = (error: unknown): error is ScanfleetError =>
  error instanceof UnavailableError || (error instanceof ApiError && error.status >= 500);

/** Nobody knows whether it was accepted: the key makes asking again safe. */
const unanswered = (error: ScanfleetError, key: string): UnavailableError =>
  new UnavailableError(
    error.code,
    `${error.message} To ask again and never scan twice, repeat the call with idempotency_key ${JSON.stringify(key)}`,
    { cause: error },
  );
