/** CloudFormation's own rules over the templates: https://github.com/aws-cloudformation/cfn-lint */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { synthesize } from './synthesized.ts';

/** W3005, a dependency named twice: CDK makes functions wait for the policies of their roles, and for the roles with them. */
const IGNORED = ['W3005'];

/** Older ones do not know that a dashboard can have tags. */
const SINCE = '1.58.0';

const version = /[\d.]+/.exec(spawnSync('cfn-lint', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[0];
const isOld = version !== undefined && version.localeCompare(SINCE, 'en', { numeric: true }) < 0;
const why = version === undefined ? 'no cfn-lint on PATH' : isOld ? `cfn-lint is ${version}, not ${SINCE}` : undefined;
const title = why === undefined ? 'cfn-lint' : `cfn-lint (skipped: ${why})`;

describe.skipIf(why !== undefined)(title, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'scanfleet-cfn-lint-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const lint = (template: object) => {
    const file = join(folder, 'template.json');
    writeFileSync(file, JSON.stringify(template));
    const checks = ['--format', 'parseable', '--ignore-checks', ...IGNORED];
    const { status, stdout } = spawnSync('cfn-lint', ['--template', file, ...checks], { encoding: 'utf8' });
    return { status, said: stdout.trim() };
  };

  it.each(['dev', 'prod'])('finds nothing in the template of %s', (stage) => {
    expect(lint(synthesize({ stage }).toJSON())).toEqual({ status: 0, said: '' });
  });

  it('finds what CloudFormation would refuse', () => {
    const { said } = lint({ Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: -1 } } } });
    expect(said).toMatch(/E3034.*-1 is less than the minimum of 0/);
  });
});
