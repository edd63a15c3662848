/** Who calls: derived from the IAM principal that API Gateway authenticated, never from the request. */
import * as z from 'zod';
import { ForbiddenError } from './errors.ts';

export interface Caller {
  /** As recorded: `<account>/<role>`, or the ARN of a user, root or federated user. */
  readonly principal: string;
  readonly account: string;
  /** A role's session name: recorded, never a right. */
  readonly sessionId?: string;
  readonly tenant: string;
  readonly admin: boolean;
}

export const Account = z.string().regex(/^\d{12}$/, 'must be a 12-digit AWS account id');
const PrincipalRule = z.strictObject({
  account: Account,
  name: z.string().min(1).max(64).optional().describe('Role or user name; any when absent'),
});

/** The deployment's settings about callers: first matching rule wins. */
export const CallerSettings = z.strictObject({
  tenants: z
    .array(
      PrincipalRule.extend({
        tenant: z
          .string()
          .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be lower-case letters, digits and hyphens, at most 63'),
      }),
    )
    .default([]),
  admins: z.array(PrincipalRule).default([]),
});
export type CallerSettings = z.output<typeof CallerSettings>;

/** A role's session names the role without its path (IAM user guide, "IAM identifiers"). */
const ROLE_SESSION = /^arn:aws[a-z-]*:sts::(?<account>\d{12}):assumed-role\/(?<name>[^/]+)\/(?<session>[^/]+)$/;
const OTHER_PRINCIPALS = [
  /^arn:aws[a-z-]*:iam::(?<account>\d{12}):user\/(?:.+\/)?(?<name>[^/]+)$/,
  /^arn:aws[a-z-]*:sts::(?<account>\d{12}):federated-user\/(?<name>[^/]+)$/,
  /^arn:aws[a-z-]*:iam::(?<account>\d{12}):root$/,
];

/** Throws ForbiddenError for anything that is not a role session, user, federated user or root of an account. */
export function callerOf(userArn: string | null | undefined, settings: CallerSettings): Caller {
  const arn = userArn ?? '';
  const found = [ROLE_SESSION, ...OTHER_PRINCIPALS].map((pattern) => pattern.exec(arn)?.groups).find(Boolean);
  const { account, name, session } = found ?? {};
  if (account === undefined)
    throw new ForbiddenError('unknown_principal', 'the caller is not an IAM role session, user or root');
  const matches = (rule: z.output<typeof PrincipalRule>) =>
    rule.account === account && (rule.name === undefined || rule.name === name);
  return {
    principal: session === undefined ? arn : `${account}/${name}`,
    account,
    ...(session === undefined ? {} : { sessionId: session }),
    tenant: settings.tenants.find(matches)?.tenant ?? account,
    admin: settings.admins.some(matches),
  };
}
