import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ValidationError } from '#shared/errors.ts';
import { readRegistry } from '#shared/scanner/registry.ts';

const NAMED = { name: 'one', url: 'https://nessus.example:8834', credentials: { secret: 'scanfleet/nessus' } };
const faultOf = (more: object): string => {
  try {
    readRegistry({ nessus: [{ ...NAMED, ...more }] });
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError);
    return (error as Error).message;
  }
};

describe('config/scanners.yaml', () => {
  it.each([undefined, null, {}])('%j names no instance', (document) =>
    expect(readRegistry(document)).toEqual({ nessus: [] }),
  );

  it('names instances, and fills in what it does not say', () => {
    const text = `
nessus:
  - name: office
    url: https://nessus.example:8834/
    credentials: { secret: "arn:aws:secretsmanager:eu-central-1:111122223333:secret:nessus-AbCdEf" }
    tls:
      ca: |
        -----BEGIN CERTIFICATE-----
        MIIB
        -----END CERTIFICATE-----
  - { name: lab, enabled: false, url: "http://127.0.0.1:8834", credentials: { environment: SCANFLEET_SECRET_LAB },
      maxConcurrentScans: 1, pollSeconds: 5, afterScan: keep, tls: { caFile: /etc/nessus.pem } }`;
    const { nessus } = readRegistry(parse(text));
    expect(nessus[0]).toMatchObject({
      ...{ name: 'office', enabled: true, url: 'https://nessus.example:8834', maxConcurrentScans: 4 },
      ...{ pollSeconds: 30, afterScan: 'delete' },
    });
    expect(nessus[1]).toEqual({
      ...{ name: 'lab', enabled: false, url: 'http://127.0.0.1:8834', maxConcurrentScans: 1, pollSeconds: 5 },
      ...{
        afterScan: 'keep',
        tls: { caFile: '/etc/nessus.pem' },
        credentials: { environment: 'SCANFLEET_SECRET_LAB' },
      },
    });
  });

  // biome-ignore format: a table reads by column
  it.each<[object, string]>([
    [{ name: 'Office 1' },                        'nessus.0.name must be 1 to 32 lower-case letters'],
    [{ url: 'nessus.example' },                   'nessus.0.url must be a URL'],
    [{ url: 'http://nessus.example:8834' },       'nessus.0.url must begin with https://'],
    [{ url: 'http://127.0.0.1.evil.example' },    'nessus.0.url must begin with https://'],
    [{ url: 'https://me:secret@nessus.example' }, 'nessus.0.url must have no user name, password'],
    [{ credentials: { accessKey: 'a', secretKey: 'b' } }, 'nessus.0.credentials must say where they lie, never what they are'],
    [{ credentials: 'a:b' },                      'nessus.0.credentials must say where they lie, never what they are'],
    [{ credentials: {} },                         'nessus.0.credentials must name one place'],
    [{ credentials: { secret: 'a', environment: 'SCANFLEET_SECRET_A' } }, 'nessus.0.credentials must name one place'],
    [{ credentials: { environment: 'AWS_SECRET_ACCESS_KEY' } }, 'nessus.0.credentials.environment must be a variable whose name begins with SCANFLEET_SECRET_'],
    [{ tls: { insecure: true } },                 'nessus.0.tls'],
    [{ tls: { ca: 'trust me' } },                 'nessus.0.tls.ca must be a certificate in PEM'],
    [{ tls: { caFile: 'ca.pem' } },               'nessus.0.tls.caFile must be an absolute path'],
    [{ maxConcurrentScans: 0 },                   'nessus.0.maxConcurrentScans'],
    [{ poll: 5 },                                 'poll'],
  ])('cannot say %j', (more, fault) => expect(faultOf(more)).toContain(fault));

  it('names each instance once', () => {
    expect(() => readRegistry({ nessus: [NAMED, NAMED] })).toThrow('nessus.1.name is one again');
  });
});
