/** The two places where secrets lie: Secrets Manager, and, on a machine of one's own, the environment. */
import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
  SecretsManagerServiceException,
} from '@aws-sdk/client-secrets-manager';
import type { Environment } from '../env.ts';
import { ForbiddenError, NotFoundError } from '../errors.ts';
import type { SecretReference, Secrets } from '../secrets.ts';
import { unavailable } from './failure.ts';

/** Each read is a call: a secret that was changed counts at once. */
export const secretsManager = (client: SecretsManagerClient): Secrets => ({
  async read({ secret, environment }) {
    if (secret === undefined)
      throw wrongPlace(`the variable ${environment}`, 'here they are read from Secrets Manager');
    const answer = await client
      .send(new GetSecretValueCommand({ SecretId: secret }))
      .catch(unavailable('secrets_unavailable', `reading the secret ${secret}`))
      .catch((error: unknown) => {
        throw nameFailure(error, secret);
      });
    if (answer.SecretString === undefined) throw missing(`the secret ${secret} holds no text`);
    return answer.SecretString;
  },
});

export const environmentSecrets = (env: Environment): Secrets => ({
  async read({ secret, environment = '' }: SecretReference) {
    if (secret !== undefined) throw wrongPlace(`the secret ${secret}`, 'here they are read from the environment');
    const value = env[environment];
    if (value === undefined || value === '') throw missing(`the variable ${environment} is not set`);
    return value;
  },
});

const missing = (message: string, cause?: unknown) => new NotFoundError('secret_missing', message, { cause });
const wrongPlace = (what: string, why: string) => new ForbiddenError('secret_denied', `${what} cannot be read: ${why}`);

/** What is neither missing nor a fault that may pass is a right or a key that is not there. */
function nameFailure(error: unknown, secret: string): unknown {
  if (error instanceof ResourceNotFoundException) return missing(`there is no secret ${secret}`, error);
  if (!(error instanceof SecretsManagerServiceException)) return error;
  const why = `${error.name}: ${error.message}`;
  return new ForbiddenError('secret_denied', `the secret ${secret} may not be read (${why})`, [], { cause: error });
}
