/** What a Nessus server asks of who calls it: a pair of API keys, or a name and a password, which buy a token for a session. */
import * as z from 'zod';
import { ForbiddenError } from '#shared/errors.ts';
import type { SecretReference, Secrets } from '#shared/secrets.ts';

/** A header's value must stay one: no line breaks, no separators. */
const Key = z.string().regex(/^[\x21-\x3a\x3c-\x7e]{1,256}$/);
const Credentials = z.union([
  z.strictObject({ accessKey: Key, secretKey: Key }),
  z.strictObject({ username: z.string().min(1), password: z.string().min(1) }),
]);
export type Credentials = z.output<typeof Credentials>;

/** Throws what the secrets throw, and ForbiddenError `nessus_denied` for a secret that holds something else; never what it holds. */
export async function readCredentials(secrets: Secrets, reference: SecretReference): Promise<Credentials> {
  const parsed = Credentials.safeParse(jsonIn(await secrets.read(reference)));
  if (parsed.success) return parsed.data;
  const name = reference.secret ?? reference.environment;
  const wanted = '{"accessKey": …, "secretKey": …} or {"username": …, "password": …}';
  throw new ForbiddenError('nessus_denied', `${name} must hold JSON: ${wanted}`);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
