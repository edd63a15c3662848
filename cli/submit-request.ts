/** The body of a submit, put together from a file and options. What it must hold is the service's to check, at one place for all clients. */
import * as z from 'zod';
import type { SubmitJobRequest } from '#shared/contracts/submit-job.ts';
import { ValidationError } from '#shared/errors.ts';
import type { RecipeName } from '#shared/follow-up/recipes.ts';
import type { Priority } from '#shared/job/job.ts';
import { MAX_BODY_BYTES } from '#shared/limits.ts';
import type { Profile } from '#shared/report/profile.ts';
import type { Context } from './context.ts';
import { parseJson } from './exchange.ts';
import type { ScannerChoice } from './scanner-options.ts';
import { readText } from './text-input.ts';

export interface SubmitOptions {
  readonly targetsFile?: string;
  readonly file?: string;
  readonly scanner?: readonly ScannerChoice[];
  readonly recipe?: RecipeName;
  readonly name?: string;
  readonly description?: string;
  readonly project?: string;
  readonly label?: Readonly<Record<string, string>>;
  readonly profile?: Profile;
  readonly priority?: Priority;
  /** Seconds. */
  readonly deadline?: number;
  /** USD. */
  readonly maxCost?: number;
  /** Instants. */
  readonly notBefore?: string;
  readonly notAfter?: string;
}

export type SubmitBody = z.input<typeof SubmitJobRequest>;

const JsonObject = z.record(z.string(), z.unknown());

/** Throws ValidationError for a file that cannot be used and for a request without targets or scanners. */
export async function readRequest(
  context: Pick<Context, 'stdin' | 'signal'>,
  targets: readonly string[],
  options: SubmitOptions,
): Promise<SubmitBody> {
  if (options.file === '-' && options.targetsFile === '-')
    throw invalid('--targets-file', 'and --file cannot both be read from stdin');
  const file = options.file === undefined ? {} : await readFile(context, options.file);
  const listed = options.targetsFile === undefined ? [] : await readTargets(context, options.targetsFile);
  const { name, description, project, profile, priority, scanner, recipe, label, deadline } = options;
  const all = [...targets, ...listed];
  const given = {
    targets: all.length > 0 ? all : undefined,
    scanners: scanner,
    recipe,
    name,
    description,
    project,
    labels: label,
    profile,
    priority,
    deadlineSeconds: deadline,
    maxCostUsd: options.maxCost,
    window: windowOf(options),
  };
  const body = { ...file, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
  if (!('targets' in body)) throw invalid('targets', 'are missing: name them, or give --targets-file or --file');
  if (!('scanners' in body || 'recipe' in body))
    throw invalid('--scanner', 'is missing: say what to run, as in --scanner nmap, or give a --recipe');
  // Nothing more is promised here: the service validates the body as it does everyone's, and names each field that is wrong.
  return body as SubmitBody;
}

/** The maintenance window, if there is one. */
export const windowOf = ({ notBefore, notAfter }: Pick<SubmitOptions, 'notBefore' | 'notAfter'>) =>
  notBefore === undefined && notAfter === undefined ? undefined : { notBefore, notAfter };

async function readFile(context: Pick<Context, 'stdin' | 'signal'>, path: string): Promise<Record<string, unknown>> {
  const parsed = JsonObject.safeParse(parseJson(await readText(context, path, '--file', MAX_BODY_BYTES)));
  if (!parsed.success) throw invalid('--file', 'must hold one JSON object: the body of POST /jobs');
  return parsed.data;
}

async function readTargets(context: Pick<Context, 'stdin' | 'signal'>, path: string): Promise<string[]> {
  const text = await readText(context, path, '--targets-file', MAX_BODY_BYTES);
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
}

const invalid = (field: string, message: string): ValidationError => new ValidationError([{ field, message }]);
