/**
 * Where the worker's AWS credentials come from. A scanner can read the environment of any process of the same user (/proc/<pid>/environ),
 * so the container's entrypoint takes the address of the credentials out of the environment and passes it on descriptor 3.
 */
import { closeSync, readFileSync } from 'node:fs';
import type { CredentialsSource } from '#shared/aws/container-credentials.ts';
import { ValidationError } from '#shared/errors.ts';

const DESCRIPTOR = 3;

/** Reads the descriptor to its end and closes it, so that nothing inherits it. ValidationError when it holds no URI. */
export function readCredentialsSource(): CredentialsSource {
  let text: string;
  try {
    text = readFileSync(DESCRIPTOR, 'utf8');
    closeSync(DESCRIPTOR);
  } catch (cause) {
    throw unusable(`cannot be read (${(cause as Error).message})`, cause);
  }
  return parseCredentialsSource(text);
}

/** Two lines: the URI, and the token if there is one. */
export function parseCredentialsSource(text: string): CredentialsSource {
  const [uri = '', token = ''] = text.split('\n').map((line) => line.trim());
  if (!/^https?:$/.test(URL.parse(uri)?.protocol ?? '')) throw unusable('holds no http(s) URI in its first line');
  return { uri, token: token === '' ? undefined : token };
}

const unusable = (what: string, cause?: unknown): ValidationError =>
  new ValidationError(
    [{ field: `descriptor ${DESCRIPTOR}`, message: `${what}; needed: the URI of the container's credentials` }],
    { cause },
  );
