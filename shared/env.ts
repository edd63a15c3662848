/** The environment, read once and checked at the start of a process: the only file that touches process.env. */
import type * as z from 'zod';
import { ValidationError } from './errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** This process's environment. */
export const environment = (): Environment => process.env;

/**
 * Changes this process's environment for whoever reads it afterwards; undefined takes a variable away. For local mode, which plays both
 * Lambda and the account the environment speaks of.
 */
export function changeEnvironment(changes: Environment): void {
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

/** Reads `schema` from the environment. Throws ValidationError that names each variable missing or wrong. */
export function parseEnv<S extends z.ZodType>(schema: S, env: Environment = process.env): z.output<S> {
  // Once a process: compiling the schema first, as zod does for those that come again, would take longer.
  const parsed = schema.safeParse(env, { jitless: true });
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map(({ path, message }) => ({
    field: `environment variable ${path.join('.')}`,
    message,
  }));
  throw new ValidationError(errors, { cause: parsed.error });
}
