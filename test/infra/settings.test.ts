import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSettings } from '#infra/settings.ts';
import { ValidationError } from '#shared/errors.ts';

function fileOf(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('a stage', () => {
  it('is dev where nothing is said: easy to throw away', () =>
    expect(readSettings(undefined)).toMatchObject({
      name: 'scanfleet-dev',
      keepsData: false,
      logRetentionDays: 7,
      reservesConcurrency: false,
      limits: { SCANFLEET_JOB_BUDGET_USD: '2', SCANFLEET_DAY_BUDGET_USD: '10' },
      workerArchitecture: 'arm64',
      workerImage: 'build',
      scanners: { nmap: { available: true }, gobuster: { available: true } },
      allowedAccounts: [],
    }));

  it('is prod by its name: what it holds is kept', () =>
    expect(readSettings('prod')).toMatchObject({
      name: 'scanfleet-prod',
      keepsData: true,
      logRetentionDays: 90,
      reservesConcurrency: true,
      limits: { SCANFLEET_WORKER_SLOTS: '5' },
    }));

  it('gives way to what is set', () =>
    expect(
      readSettings({ stage: 'prod', name: 'acme', logRetentionDays: 365, limits: { SCANFLEET_WORKER_SLOTS: 2 } }),
    ).toMatchObject({ name: 'acme', keepsData: true, logRetentionDays: 365, limits: { SCANFLEET_WORKER_SLOTS: '2' } }));
});

describe('what a worker costs', () => {
  it('is said where it is not arm64', () =>
    expect(readSettings({ stage: 'prod', workerArchitecture: 'x86_64' }).limits).toEqual({
      SCANFLEET_WORKER_SLOTS: '5',
      SCANFLEET_SMALL_WORKER_HOUR_USD: '0.029685',
      SCANFLEET_LARGE_WORKER_HOUR_USD: '0.103740',
    }));

  it('is what the deployment says, where it does', () => {
    const limits = { SCANFLEET_SMALL_WORKER_HOUR_USD: 0.01 };
    expect(readSettings({ workerArchitecture: 'x86_64', limits }).limits).toMatchObject({
      SCANFLEET_SMALL_WORKER_HOUR_USD: '0.01',
    });
  });
});

describe('the settings', () => {
  it.each([
    ['JSON on the command line', () => '{"name":"acme"}'],
    ['a YAML file', () => fileOf('acme.yaml', 'name: acme\n')],
    ['a JSON file', () => fileOf('acme.json', '{"name":"acme"}')],
  ])('may come as %s', (_how, context) => expect(readSettings(context())).toMatchObject({ name: 'acme' }));

  // biome-ignore format: a table reads by column
  it.each<[unknown, string]>([
    [{ allowedAccount: [] },                       'scanfleet '],
    [{ stage: 'test' },                            'scanfleet.stage '],
    [{ name: '1st' },                              'scanfleet.name must be letters, digits and hyphens'],
    [{ allowedAccounts: ['1'] },                   'scanfleet.allowedAccounts.0 must be a 12-digit AWS account id'],
    [{ limits: { SCANFLEET_QOUTA: 'off' } },       'scanfleet.limits'],
    [{ limits: { SCANFLEET_QUOTA: 'none' } },      'SCANFLEET_QUOTA is "none"; allowed: a number from 1'],
    [{ tenants: [{ account: '111122223333' }] },   'scanfleet.tenants.0.tenant '],
    [{ logRetentionDays: 31 },                     'scanfleet.logRetentionDays must be one of 1, 3, 5, 7, 14, 30,'],
    [{ network: { vpcId: 'mine', subnetIds: [] } }, 'scanfleet.network.subnetIds '],
    [{ network: { vpcId: 'vpc-0a1b2c3d', subnetIds: ['10.0.0.0/24'] } }, 'scanfleet.network.subnetIds.0 must be the id of a subnet'],
    [{ workerArchitecture: 'arm' },                'scanfleet.workerArchitecture '],
    [{ workerImage: 'worker' },                    'scanfleet.workerImage must be build, or an image with its registry and its tag or digest'],
    [{ workerImage: 'registry.example/worker' },   'scanfleet.workerImage must be build'],
    [{ canary: { targets: [] } },                   'scanfleet.canary.targets must name at least one target'],
    [{ canary: { targets: ['a.example'], scanners: [{ name: 'nmap', options: { port: 1 } }] } }, 'scanfleet.canary.scanners.0.options Unrecognized key: "port"'],
    [{ secrets: ['{"accessKey":"a"}'] },         'scanfleet.secrets.0 must be the name or the ARN of a secret in Secrets Manager'],
    [{ alarmTopicArn: 'security@example.org' },    'scanfleet.alarmTopicArn must be the ARN of an SNS topic'],
    ['nonsense',                                   'scanfleet must be JSON, a .yaml or .json file, or a stage: dev, prod'],
    ['./absent.yaml',                              'scanfleet names the file ./absent.yaml, which cannot be read: ENOENT'],
  ])('%j are refused, naming what is wrong', (settings, message) => {
    expect(() => readSettings(settings)).toThrow(ValidationError);
    expect(() => readSettings(settings)).toThrow(message);
  });
});
