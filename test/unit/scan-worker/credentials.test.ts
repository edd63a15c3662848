import { expect, it } from 'vitest';
import { parseCredentialsSource } from '#containers/scan-worker/credentials.ts';
import { ValidationError } from '#shared/errors.ts';

it('reads the URI alone, as ECS gives it', () => {
  expect(parseCredentialsSource('http://169.254.170.2/v2/credentials/4d3c\n')).toEqual({
    uri: 'http://169.254.170.2/v2/credentials/4d3c',
    token: undefined,
  });
});

it('reads a token from the second line', () => {
  expect(parseCredentialsSource('http://127.0.0.1:4000/role\nsecret\n')).toEqual({
    uri: 'http://127.0.0.1:4000/role',
    token: 'secret',
  });
});

it.each(['', '\n', 'not a uri', 'file:///etc/passwd', '/v2/credentials/4d3c'])('refuses %j', (text) => {
  expect(() => parseCredentialsSource(text)).toThrow(ValidationError);
});
