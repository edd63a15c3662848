/** What a deployment decides for itself: one object in the CDK context `scanfleet`, all of it optional. */
import * as z from 'zod';
import { Account, CallerSettings } from '#shared/caller.ts';
import { ValidationError } from '#shared/errors.ts';
import { LIMIT_NAMES, limitsFromEnv, limitVariable } from '#shared/limits.ts';

const Settings = CallerSettings.extend({
  /** Accounts whose principals may call the API, beside the account it is deployed to. They need a right in their own account too. */
  allowedAccounts: z.array(Account).default([]),
  /** Limits that differ from the defaults, by variable, as in `"SCANFLEET_QUOTA": "off"`. */
  limits: z.partialRecord(z.enum(LIMIT_NAMES.map(limitVariable)), z.coerce.string()).default({}),
  /** Tag of the worker's image in the deployment's repository. */
  workerImageTag: z.string().min(1).max(128).default('latest'),
});
export type Settings = z.output<typeof Settings>;

/** `context` may be JSON text, as the command line gives it. Throws ValidationError naming each setting that cannot be used. */
export function readSettings(context: unknown): Settings {
  const parsed = Settings.safeParse(typeof context === 'string' ? fromJson(context) : (context ?? {}));
  if (!parsed.success) {
    const errors = parsed.error.issues.map(({ path, message }) => ({
      field: ['scanfleet', ...path].join('.'),
      message,
    }));
    throw new ValidationError(errors, { cause: parsed.error });
  }
  limitsFromEnv(parsed.data.limits);
  return parsed.data;
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ValidationError([{ field: 'scanfleet', message: 'must be JSON' }], { cause });
  }
}
