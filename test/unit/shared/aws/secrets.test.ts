import {
  DecryptionFailure,
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
  SecretsManagerServiceException,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { environmentSecrets, secretsManager } from '#shared/aws/secrets.ts';

const aws = mockClient(SecretsManagerClient);
beforeEach(() => aws.reset());
const secrets = secretsManager(new SecretsManagerClient({ region: 'eu-central-1' }));
const fault = (name: string, httpStatusCode: number) =>
  new SecretsManagerServiceException({ name, $fault: 'client', message: 'no', $metadata: { httpStatusCode } });

describe('Secrets Manager', () => {
  it('gives the text of a secret, each time anew', async () => {
    aws
      .on(GetSecretValueCommand, { SecretId: 'a' })
      .resolvesOnce({ SecretString: 'one' })
      .resolves({ SecretString: 'two' });
    expect([await secrets.read({ secret: 'a' }), await secrets.read({ secret: 'a' })]).toEqual(['one', 'two']);
  });

  // biome-ignore format: a table reads by column
  it.each<[string, Error, string, boolean]>([
    ['there is none',           new ResourceNotFoundException({ message: 'no', $metadata: { httpStatusCode: 400 } }), 'secret_missing', false],
    ['the role may not',        fault('AccessDeniedException', 400),                                          'secret_denied', false],
    ['its key does not open',   new DecryptionFailure({ message: 'no', $metadata: { httpStatusCode: 400 } }), 'secret_denied', false],
    ['the service is at fault', fault('InternalServiceError', 500),                                           'secrets_unavailable', true],
    ['it is throttled',         fault('ThrottlingException', 400),                                            'secrets_unavailable', true],
  ])('says when %s', async (_, error, code, retryable) => {
    aws.on(GetSecretValueCommand).rejects(error);
    const failure = { code, retryable, message: expect.stringContaining('scanfleet/nessus') };
    await expect(secrets.read({ secret: 'scanfleet/nessus' })).rejects.toMatchObject(failure);
  });

  it('says when a secret holds no text, and reads no environment', async () => {
    aws.on(GetSecretValueCommand).resolves({ SecretBinary: new Uint8Array([1]) });
    await expect(secrets.read({ secret: 'a' })).rejects.toMatchObject({ code: 'secret_missing' });
    const environment = 'SCANFLEET_SECRET_A';
    await expect(secrets.read({ environment })).rejects.toMatchObject({ code: 'secret_denied' });
  });
});

describe('the environment', () => {
  const here = environmentSecrets({ SCANFLEET_SECRET_A: 'one', SCANFLEET_SECRET_B: '' });

  it('gives what a variable holds', async () => {
    expect(await here.read({ environment: 'SCANFLEET_SECRET_A' })).toBe('one');
  });

  it.each([
    [{ environment: 'SCANFLEET_SECRET_B' }, 'secret_missing'],
    [{ environment: 'SCANFLEET_SECRET_C' }, 'secret_missing'],
    [{ secret: 'a' }, 'secret_denied'],
  ])('says of %j that it has none', async (reference, code) => {
    await expect(here.read(reference)).rejects.toMatchObject({ code, retryable: false });
  });
});
