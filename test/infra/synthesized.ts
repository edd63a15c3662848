/** The stack as CloudFormation gets it: synthesized without bundling, which takes half a second. */
import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod';
import { ScanfleetStack } from '#infra/scanfleet-stack.ts';
import { readSettings } from '#infra/settings.ts';

const CdkJson = z.object({ context: z.record(z.string(), z.unknown()) });
const { context } = CdkJson.parse(JSON.parse(readFileSync('cdk.json', 'utf8')));

/** Where the template and what goes with it are written to, and whether the functions are among it. */
interface Output {
  readonly outdir?: string;
  readonly bundling?: boolean;
}

export function buildStack(
  settings: object,
  { bundling = false, ...output }: Output = {},
): { readonly app: App; readonly stack: ScanfleetStack } {
  const app = new App({ ...output, context: { ...context, ...(bundling ? {} : { 'aws:cdk:bundling-stacks': [] }) } });
  const read = readSettings(settings);
  return { app, stack: new ScanfleetStack(app, read.name, { settings: read }) };
}

export const synthesize = (settings: object): Template => Template.fromStack(buildStack(settings).stack);

/** A resource as JSON, loosely: the assertions say what must be in it. */
export interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a CloudFormation template has no types
  readonly Properties: any;
}

/** A template's resources by logical id; `ofType` has their properties and `id`. */
export function resourcesOf(template: Template) {
  const resources = new Map<string, Resource>(Object.entries(template.toJSON().Resources));
  const ofType = (type: string) =>
    [...resources].filter(([, { Type }]) => Type === type).map(([id, resource]) => ({ id, ...resource.Properties }));
  return { resources, ofType };
}
