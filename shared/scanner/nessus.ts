/** nessus: weaknesses of hosts, by a Nessus server that the deployment knows (registry.ts). */
import * as z from 'zod';
import type { ScannerDefinition } from './definition.ts';
import { InstanceName } from './registry.ts';

/** As Nessus writes them: of templates 32 to 64 hexadecimal digits with hyphens somewhere. */
const UUID = /^[0-9a-f][0-9a-f-]{30,99}$/;

export const NessusOptions = z
  .strictObject({
    instance: InstanceName.optional().describe('Only this instance; any that has room when absent'),
    template: z
      .string()
      .regex(/^[a-z][a-z0-9_-]{0,63}$/, "must be a template's short name, as in basic or discovery")
      .default('basic')
      .describe('What to scan for, by the name of a scan template of the server'),
    templateUuid: z
      .string()
      .regex(UUID, 'must be the UUID of a template')
      .optional()
      .describe('The same by the UUID, which comes before the name'),
    policyId: z.int().min(1).optional().describe('A policy on the server, made from the same template'),
  })
  .describe('Rates and credentials for the targets are those of the policy on the server');
export type NessusOptions = z.output<typeof NessusOptions>;

export const nessusDefinition: ScannerDefinition = {
  name: 'nessus',
  title: 'Weaknesses of hosts, by a Nessus server',
  options: NessusOptions,
  workerSize: 'small',
  accepts: ['host', 'address', 'cidr', 'url', 'upload'],
};
