/**
 * What a deployment decides for itself, all of it optional: the CDK context `scanfleet`. It is an object in cdk.json, or on the command
 * line JSON, the name of a stage, or a file: `-c scanfleet=prod`, `-c scanfleet=acme.yaml`. docs/deploy.md explains each.
 */
import { readFileSync } from 'node:fs';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { parse as parseYaml } from 'yaml';
import * as z from 'zod';
import { Account, CallerSettings } from '#shared/caller.ts';
import { SubmitJobFields } from '#shared/contracts/submit-job.ts';
import { type Architecture, PRICES, workerHourUsd } from '#shared/cost/prices.ts';
import { ValidationError } from '#shared/errors.ts';
import { LIMIT_NAMES, limitsFromEnv, limitVariable } from '#shared/limits.ts';
import { Availabilities, IMAGE_SCANNERS } from '#shared/scanner/availability.ts';
import { WORKER_RESOURCES, WORKER_SIZES } from '#shared/scanner/definition.ts';
import { SecretId } from '#shared/secrets.ts';
import { STAGE_NAMES, STAGES, type Stage } from './stages.ts';

/** CloudWatch Logs keeps lines for no other numbers of days (API reference, "PutRetentionPolicy"). */
const RETENTION_DAYS = Object.values(RetentionDays).filter(
  (days): days is RetentionDays => typeof days === 'number' && days !== RetentionDays.INFINITE,
);

/** Workers in a network that exists. Its security group and routes must let them out to their targets and to AWS. */
const Network = z.strictObject({
  vpcId: z.string().regex(/^vpc-[0-9a-f]{8}([0-9a-f]{9})?$/, 'must be the id of a VPC, as in vpc-0123456789abcdef0'),
  subnetIds: z.array(z.string().regex(/^subnet-[0-9a-f]{8}([0-9a-f]{9})?$/, 'must be the id of a subnet')).min(1),
  /** Whether workers get public addresses: false in subnets that reach the outside through a NAT. */
  publicAddresses: z.boolean().default(false),
});

/** A part of a submit, kept as it is written: the API reads it. */
const Canary = z.record(z.string(), z.json()).superRefine((written, ctx) => {
  const parsed = SubmitJobFields.pick({ targets: true, scanners: true }).required().safeParse(written);
  for (const issue of parsed.error?.issues ?? []) ctx.addIssue(issue as never);
});

const Given = CallerSettings.extend({
  stage: z.enum(STAGE_NAMES).default('dev'),
  /** The stack's name: two with different names live side by side in one account. `scanfleet-<stage>` by default. */
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, 'must be letters, digits and hyphens, a letter first, at most 64')
    .optional(),
  /** Accounts whose principals may call the API, beside the account it is deployed to. They need a right in their own account too. */
  allowedAccounts: z.array(Account).default([]),
  /** Limits that differ from the defaults, by variable, as in `"SCANFLEET_QUOTA": "off"`. */
  limits: z.partialRecord(z.enum(LIMIT_NAMES.map(limitVariable)), z.coerce.string()).default({}),
  network: Network.optional(),
  logRetentionDays: z
    .number()
    .refine((days) => RETENTION_DAYS.includes(days), `must be one of ${RETENTION_DAYS.join(', ')}`)
    .optional(),
  workerArchitecture: z.enum(['arm64', 'x86_64']).default('arm64'),
  /** `build`: from the Dockerfile, by the machine that deploys. Else where it lies. */
  workerImage: z
    .string()
    .regex(/^(build|[a-z0-9.:-]+(\/[a-z0-9._-]+)+(:[\w.-]{1,128}|@sha256:[0-9a-f]{64}))$/, {
      message: 'must be build, or an image with its registry and its tag or digest',
    })
    .default('build'),
  /** What the workers' image holds, by scanner, as in `{"nuclei": {"available": true, "version": "3.3.9"}}`. */
  scanners: Availabilities.default(IMAGE_SCANNERS),
  /** Secrets in Secrets Manager, by name or ARN, that workers may read: those that config/scanners.yaml refers to. */
  secrets: z.array(SecretId).default([]),
  /** Alarms and the dashboard; as the stage has it when absent. */
  alarms: z.boolean().optional(),
  /** What is scanned every half hour, to see that scans work; nothing by default. */
  canary: Canary.optional(),
  /** Told of every alarm that goes off, and of its end. */
  alarmTopicArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/, 'must be the ARN of an SNS topic')
    .optional(),
});

/** As given, with what the stage decides. */
export type Settings = Omit<z.output<typeof Given>, 'stage' | 'name' | 'limits' | keyof Stage> &
  Stage & { readonly name: string };

/** Throws ValidationError naming each setting that cannot be used, or the file that cannot be read. */
export function readSettings(context: unknown): Settings {
  const parsed = Given.safeParse(typeof context === 'string' ? fromText(context) : (context ?? {}));
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) => ({
      field: ['scanfleet', ...path].join('.'),
      message,
    }));
    throw new ValidationError(errors, { cause: parsed.error });
  }
  const { stage, name = `scanfleet-${stage}`, limits, ...given } = parsed.data;
  limitsFromEnv(limits);
  const byStage = STAGES[stage];
  return {
    ...byStage,
    ...given,
    name,
    logRetentionDays: given.logRetentionDays ?? byStage.logRetentionDays,
    alarms: given.alarms ?? byStage.alarms,
    limits: { ...byStage.limits, ...workerPrices(given.workerArchitecture), ...limits },
  };
}

/** The limits say what arm64 costs. */
const workerPrices = (architecture: Architecture): Partial<Record<string, string>> =>
  architecture === 'arm64'
    ? {}
    : Object.fromEntries(
        WORKER_SIZES.map((size) => [
          limitVariable(`${size}WorkerHourUsd`),
          workerHourUsd(WORKER_RESOURCES[size], PRICES.fargate[architecture]).toFixed(6),
        ]),
      );

function fromText(text: string): unknown {
  if ((STAGE_NAMES as readonly string[]).includes(text)) return { stage: text };
  const isFile = /\.(ya?ml|json)$/.test(text);
  try {
    return isFile ? parseYaml(readFileSync(text, 'utf8')) : JSON.parse(text);
  } catch (cause) {
    const message = isFile
      ? `names the file ${text}, which cannot be read: ${cause instanceof Error ? cause.message : cause}`
      : `must be JSON, a .yaml or .json file, or a stage: ${STAGE_NAMES.join(', ')}`;
    throw new ValidationError([{ field: 'scanfleet', message }], { cause });
  }
}
