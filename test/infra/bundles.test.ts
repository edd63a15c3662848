/** What a deployment uploads: the stack synthesized with its functions bundled, as `cdk deploy` does it. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildStack, resourcesOf } from './synthesized.ts';

/** Lambda loads a function's whole bundle at a cold start. */
const MAX_BUNDLE_BYTES = 1_000_000;
/** CloudFormation user guide, "Understand CloudFormation quotas". */
const MAX_RESOURCES = 500;

/** Twenty and more runs of esbuild, one after the other, also on a busy machine. */
const BUNDLING_MS = 300_000;

const outdir = join(tmpdir(), `scanfleet-bundles-${process.pid}`);
let template: Template;
beforeAll(() => {
  const { app, stack } = buildStack({ stage: 'prod' }, { outdir, bundling: true });
  template = Template.fromStack(stack);
  app.synth();
}, BUNDLING_MS);
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

const bundled = () =>
  readdirSync(outdir, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('index.mjs'))
    .map((file) => join(outdir, file));

it('each function is less than 1 MB', () => {
  const bundles = bundled().map((file) => ({ file, bytes: statSync(file).size }));
  const functions = resourcesOf(template).ofType('AWS::Lambda::Function');
  expect(bundles.length).toBeGreaterThan(20);
  expect(functions.length).toBeGreaterThanOrEqual(bundles.length);
  expect(bundles.filter(({ bytes }) => bytes > MAX_BUNDLE_BYTES)).toEqual([]);
});

it('a function looks for credentials in its environment, and nowhere else', () => {
  const chain = /AWS_CONTAINER_CREDENTIALS|credential_process/;
  for (const file of bundled()) expect(readFileSync(file, 'utf8')).not.toMatch(chain);
});

it('the template is far from the most resources a stack may have', () => {
  expect(resourcesOf(template).resources.size).toBeLessThan(MAX_RESOURCES * 0.8);
});
