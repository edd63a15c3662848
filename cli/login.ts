/** The deployment that `scanfleet login` chose: a file of the user's own, with no secret in it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import type { Environment } from '#shared/env.ts';
import { ValidationError } from '#shared/errors.ts';

const Login = z.object({
  url: z.url(),
  region: z.string().min(1),
  stack: z.string().min(1),
  /** Whose signature on evidence counts: pinned then, and asked of nobody later. PEM. */
  evidenceKey: z.object({ arn: z.string().min(1), publicKey: z.string().min(1) }).optional(),
});
export type Login = z.output<typeof Login>;

/** Where the XDG base directory specification has a user's configuration; undefined for a user without a home. */
export function loginFile({ XDG_CONFIG_HOME, HOME }: Environment): string | undefined {
  const folder = XDG_CONFIG_HOME || (HOME && join(HOME, '.config'));
  return folder ? join(folder, 'scanfleet', 'login.json') : undefined;
}

export async function writeLogin(path: string, login: Login): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600 });
}

/** Undefined before a first login. ValidationError for a file that was not written by one. */
export async function readLogin(path: string): Promise<Login | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = Login.safeParse(fromJson(text));
  if (parsed.success) return parsed.data;
  throw new ValidationError([{ field: path, message: 'is not what `scanfleet login` writes: log in again' }]);
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
