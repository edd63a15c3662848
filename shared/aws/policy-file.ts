/** The deployment's target policy, from the results bucket. What cannot be read or understood allows nothing. */
import { POLICY_KEY } from '../finding/results.ts';
import { type Policy, readPolicy } from '../target/policy.ts';
import { type ConfigFileDeps, configFile } from './config-file.ts';

export interface PolicyFileDeps extends ConfigFileDeps {
  /** From LOOPBACK_TARGETS. */
  readonly loopback?: Policy['loopback'];
}

/**
 * The policy in force, at most 60 s old; without a file the default policy. Throws UnavailableError `policy_unreadable` when the file is
 * broken or S3 does not answer: then nothing may be scanned.
 */
export const policyFile = ({ loopback, ...deps }: PolicyFileDeps): (() => Promise<Policy>) =>
  configFile(deps, {
    key: POLICY_KEY,
    what: 'the target policy',
    code: 'policy_unreadable',
    read: (document, fileSha256) => ({
      ...readPolicy(document, loopback),
      ...(fileSha256 === undefined ? {} : { fileSha256 }),
    }),
  });
