/**
 * Credentials for workers, as ECS serves them to a task's containers: at a URL that only the worker knows, until it ends.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
 */
import { randomBytes } from 'node:crypto';
import type { SigningKey } from '../../sigv4.ts';

export interface ContainerCredentials {
  /** A path that serves from now on. */
  issue(): string;
  revoke(path: string): void;
  /** What a GET of `path` answers. */
  document(path: string): object | undefined;
}

/** ECS renews them every few hours; the SDK asks again before they end. */
const LIFETIME_MS = 6 * 3_600_000;

export function containerCredentials(
  { accessKeyId, secretAccessKey, sessionToken = '' }: SigningKey & { readonly accessKeyId: string },
  now: () => Date,
): ContainerCredentials {
  const issued = new Set<string>();
  return {
    issue() {
      const path = `/credentials/${randomBytes(32).toString('hex')}`;
      issued.add(path);
      return path;
    },
    revoke(path) {
      issued.delete(path);
    },
    document(path) {
      if (!issued.has(path)) return undefined;
      const Expiration = new Date(now().getTime() + LIFETIME_MS).toISOString();
      return { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, Token: sessionToken, Expiration };
    },
  };
}
