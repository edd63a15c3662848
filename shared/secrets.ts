/** The port of secrets. Files and records name a secret, and never hold one. */
import * as z from 'zod';

/** What variables with secrets are called: nothing else of an environment can be named, least of all a credential of AWS. */
export const SECRET_VARIABLE = /^SCANFLEET_SECRET_[A-Z0-9_]{1,100}$/;
/** A name, or an ARN (Secrets Manager API reference, CreateSecret and GetSecretValue, "SecretId"). */
const SECRET_ID = /^(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:)?[\w/+=.@-]{1,512}$/;

/** Where a secret lies: in Secrets Manager, or in the environment of a machine of one's own. */
export const SecretId = z.string().regex(SECRET_ID, 'must be the name or the ARN of a secret in Secrets Manager');
export const SecretReference = z
  .strictObject(
    {
      secret: SecretId.optional(),
      environment: z
        .string()
        .regex(SECRET_VARIABLE, 'must be a variable whose name begins with SCANFLEET_SECRET_')
        .optional(),
    },
    { error: 'must say where they lie, never what they are: { secret: … } or { environment: SCANFLEET_SECRET_… }' },
  )
  .refine(({ secret, environment }) => (secret === undefined) !== (environment === undefined), {
    message: 'must name one place: secret or environment',
  });
export type SecretReference = z.output<typeof SecretReference>;

export interface Secrets {
  /** The secret's text. NotFoundError, ForbiddenError or UnavailableError naming the reference, and nothing of what it leads to. */
  read(reference: SecretReference): Promise<string>;
}
