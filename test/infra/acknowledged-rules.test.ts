/** The AwsSolutions rules of cdk-nag over the whole stack: https://github.com/cdklabs/cdk-nag/blob/main/RULES.md#awssolutions */
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { acknowledgedRules } from '#infra/acknowledged-rules.ts';
import { buildStack } from './synthesized.ts';

const objections = (checks: AwsSolutionsChecks, { stack }: ReturnType<typeof buildStack>) =>
  checks.validateScope(stack).violations.map(({ ruleName }) => ruleName);

describe('cdk-nag', () => {
  it.each(['dev', 'prod'])('objects to nothing in %s that is not acknowledged', (stage) => {
    expect(objections(new AwsSolutionsChecks(), buildStack({ stage }))).toEqual([]);
  });

  it('would object to all that is acknowledged, each with a reason', () => {
    const heedless = Object.assign(new AwsSolutionsChecks(), {}, { isAcknowledged: () => false }) as AwsSolutionsChecks;
    const acknowledged = acknowledgedRules('scanfleet-dev');
    expect(objections(heedless, buildStack({})).sort()).toEqual(acknowledged.map(({ id }) => id).sort());
    for (const { reason } of acknowledged) expect(reason).toMatch(/^.{40,}\.$/);
  });

  it('objects to what nobody has acknowledged', () => {
    const built = buildStack({});
    new Bucket(built.stack, 'Open', { enforceSSL: false });
    expect(objections(new AwsSolutionsChecks(), built)).toContain('AwsSolutions-S10');
  });
});
