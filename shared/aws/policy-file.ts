/** The deployment's target policy, from the results bucket. What cannot be read or understood allows nothing. */
import { parse } from 'yaml';
import { NotFoundError, UnavailableError } from '../errors.ts';
import { POLICY_KEY, type Results } from '../finding/results.ts';
import { type Policy, readPolicy } from '../target/policy.ts';

const CACHE_MS = 60_000;
/** A policy of a thousand rules each way is far below this. */
const MAX_BYTES = 1024 * 1024;

export interface PolicyFileDeps {
  readonly results: Pick<Results, 'read'>;
  readonly now: () => Date;
  /** From LOOPBACK_TARGETS. */
  readonly loopback?: Policy['loopback'];
}

/**
 * The policy in force, at most 60 s old; without a file the default policy. Throws UnavailableError `policy_unreadable` when the file is
 * broken or S3 does not answer: then nothing may be scanned. Failures are not kept, so a mended file counts at once.
 */
export function policyFile({ results, now, loopback }: PolicyFileDeps): () => Promise<Policy> {
  let kept: { policy: Promise<Policy>; until: number } | undefined;
  return () => {
    const at = now().getTime();
    if (kept && at < kept.until) return kept.policy;
    const policy = load(results, loopback);
    const entry = { policy, until: at + CACHE_MS };
    kept = entry;
    policy.catch(() => {
      if (kept === entry) kept = undefined;
    });
    return policy;
  };
}

async function load(results: Pick<Results, 'read'>, loopback: Policy['loopback'] | undefined): Promise<Policy> {
  try {
    const text = await readText(results);
    return readPolicy(text === undefined ? {} : parse(text, { logLevel: 'error' }), loopback);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UnavailableError('policy_unreadable', `the target policy ${POLICY_KEY} cannot be used: ${why}`, {
      cause: error,
    });
  }
}

async function readText(results: Pick<Results, 'read'>): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of results.read(POLICY_KEY)) {
      bytes += chunk.length;
      if (bytes > MAX_BYTES) throw new RangeError(`it is larger than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}
