/** The command line of the local service. */
import { parseArgs } from 'node:util';
import type { Environment } from '#shared/env.ts';
import { ValidationError } from '#shared/errors.ts';
import { type FaultPlan, readFaults } from './faults/plan.ts';

export interface LocalOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** The state directory. */
  readonly state: string;
  readonly fresh: boolean;
  readonly ephemeral: boolean;
  readonly json: boolean;
  /** What is to go wrong; nothing when absent. */
  readonly faults?: FaultPlan;
}

/** What to do: serve only; serve after a first scan; serve again after each change; or run the checks. */
export const MODES = ['serve', 'start', 'dev', 'gate'] as const;
export type Mode = (typeof MODES)[number];

export interface CommandLine {
  readonly mode: Mode;
  readonly options: LocalOptions;
  /** `start` ends after the first scan. */
  readonly once: boolean;
}

export const DEFAULT_PORT = 8088;

/** What is used where the command line says nothing. */
export const defaultOptions = (env: Environment): LocalOptions => ({
  port: DEFAULT_PORT,
  state: env.SCANFLEET_STATE || '.scanfleet',
  fresh: false,
  ephemeral: false,
  json: false,
});

/** Throws ValidationError naming the option that cannot be used. */
export function readCommandLine(argv: readonly string[], env: Environment): CommandLine {
  const { values, positionals } = parse(argv);
  const [mode = 'serve', ...rest] = positionals;
  if (!isMode(mode) || rest.length > 0)
    throw invalid(String(positionals.at(-1)), `is unknown; allowed: ${MODES.join(', ')}`);
  const { once = false, port, faults, ...given } = values;
  const options = {
    ...defaultOptions(env),
    ...given,
    ...(port === undefined ? {} : { port: readPort(port) }),
    ...(faults === undefined ? {} : { faults: readFaults(faults) }),
  };
  if (options.fresh && options.ephemeral) throw invalid('--fresh', 'says nothing beside --ephemeral: give one of them');
  return { mode, options, once };
}

/** Throws ValidationError. */
export function readPort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw invalid('--port', `is ${JSON.stringify(text)}; allowed: 0 (any that is free) to 65535`);
}

const OPTIONS = {
  port: { type: 'string' },
  state: { type: 'string' },
  fresh: { type: 'boolean' },
  ephemeral: { type: 'boolean' },
  json: { type: 'boolean' },
  once: { type: 'boolean' },
  faults: { type: 'string' },
} as const;

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    throw invalid('command line:', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

const isMode = (text: string): text is Mode => (MODES as readonly string[]).includes(text);

const invalid = (field: string, message: string, options?: ErrorOptions) =>
  new ValidationError([{ field, message }], options);
