import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { openApiDocument } from '#shared/contracts/openapi.ts';
import { VERSION } from '#shared/names.ts';

const at = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const document = openApiDocument('1.2.3');
const text = JSON.stringify(document);

const Operation = z.looseObject({
  operationId: z.string(),
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string(), required: z.boolean() })),
  requestBody: z.looseObject({ required: z.boolean() }).optional(),
  responses: z.record(z.string(), z.unknown()),
});
const paths = z.record(z.string(), z.record(z.string(), Operation)).parse(document.paths);

/** `operationId: names in path? names in query; body; statuses` of each operation. */
const described = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId, parameters, requestBody, responses }]) => {
    const inPlace = (place: string) => parameters.filter((one) => one.in === place).map(({ name }) => name);
    const body = requestBody === undefined ? 'none' : requestBody.required ? 'required' : 'optional';
    return `${method} ${path} ${operationId} [${inPlace('path')}] [${inPlace('query')}] [${inPlace('header')}] body ${body}: ${Object.keys(responses)}`;
  }),
);

describe('the OpenAPI document', () => {
  it('describes every route', () => {
    expect(described.sort()).toEqual([
      'delete /jobs/{jobId} deleteJob [jobId] [] [] body none: 204,default',
      'get /dead-letters listDeadLetters [] [scope,limit,cursor] [] body none: 200,default',
      'get /health getHealth [] [] [] body none: 200,default',
      'get /jobs listJobs [] [status,scanner,target,project,from,to,minSeverity,limit,cursor] [] body none: 200,default',
      'get /jobs/{jobId} getJob [jobId] [] [] body none: 200,default',
      'get /jobs/{jobId}/coverage getCoverage [jobId] [limit,cursor,status] [] body none: 200,default',
      'get /jobs/{jobId}/evidence getEvidence [jobId] [limit,cursor] [] body none: 200,202,default',
      'get /jobs/{jobId}/findings getFindings [jobId] [limit,cursor,severity,profile] [] body none: 200,default',
      'get /jobs/{jobId}/report exportReport [jobId] [format,profile,severity,tree] [] body none: 200,202,303,default',
      'get /jobs/{jobId}/timeline getTimeline [jobId] [limit,cursor] [] body none: 200,default',
      'get /jobs/{jobId}/watch watchJob [jobId] [] [Last-Event-ID] body none: 200,204,default',
      'get /openapi.json getOpenapi [] [] [] body none: 200,default',
      'get /queue getQueue [] [scope] [] body none: 200,default',
      'get /scanners listScanners [] [] [] body none: 200,default',
      'get /stats getStats [] [from,to] [] body none: 200,default',
      'post /dead-letters/redrive redriveDeadLetters [] [] [] body required: 200,default',
      'post /jobs submitJob [] [] [Idempotency-Key] body required: 200,201,default',
      'post /jobs/{jobId}/cancel cancelJob [jobId] [] [] body none: 202,default',
      'post /jobs/{jobId}/report-link reportLink [jobId] [] [] body optional: 200,202,default',
      'post /jobs/{jobId}/retry retryJob [jobId] [] [] body optional: 202,default',
      'post /uploads createUpload [] [] [] body required: 201,default',
    ]);
  });

  it('requires parameters of the path, and of the query none', () => {
    const required = Object.values(paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ parameters }) => parameters.filter((one) => one.required)),
    );
    expect(new Set(required.map((one) => one.in))).toEqual(new Set(['path']));
  });

  it('is signed with SigV4 wherever it is called', () => {
    expect(document.security).toEqual([{ sigv4: [] }]);
    expect(text).toContain('"x-amazon-apigateway-authtype":"awsSigv4"');
  });

  it('refers to nothing that it does not hold', () => {
    const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => String(path).split('/'));
    expect(references.length).toBeGreaterThan(10);
    for (const reference of references) {
      let part: unknown = document;
      for (const key of reference) part = z.record(z.string(), z.unknown()).parse(part)[key];
      expect(part, reference.join('/')).toBeDefined();
    }
    expect(text).not.toContain('$defs');
  });

  it("gives each scanner's own options", () => {
    const { schemas } = z.object({ schemas: z.record(z.string(), z.unknown()) }).parse(document.components);
    expect(schemas.ScannerRequest).toEqual({
      oneOf: [
        {
          type: 'object',
          properties: { name: { const: 'nmap' }, options: { $ref: '#/components/schemas/nmap-options' } },
          required: ['name'],
          additionalProperties: false,
        },
        {
          type: 'object',
          properties: { name: { const: 'nuclei' }, options: { $ref: '#/components/schemas/nuclei-options' } },
          required: ['name'],
          additionalProperties: false,
        },
        {
          type: 'object',
          properties: { name: { const: 'gobuster' }, options: { $ref: '#/components/schemas/gobuster-options' } },
          required: ['name'],
          additionalProperties: false,
        },
        {
          type: 'object',
          properties: { name: { const: 'nessus' }, options: { $ref: '#/components/schemas/nessus-options' } },
          required: ['name'],
          additionalProperties: false,
        },
        {
          type: 'object',
          properties: { name: { const: 'axe' }, options: { $ref: '#/components/schemas/axe-options' } },
          required: ['name'],
          additionalProperties: false,
        },
      ],
    });
    expect(schemas['nmap-options']).toMatchObject({ properties: { timing: { minimum: 0, maximum: 5, default: 4 } } });
  });

  it('tells what may be left out, as the wire has it', () => {
    const { schemas } = z.object({ schemas: z.record(z.string(), z.unknown()) }).parse(document.components);
    expect(schemas.SubmitJobRequest).toMatchObject({ required: ['targets'], additionalProperties: false });
    expect(schemas.Job).not.toHaveProperty('additionalProperties');
  });

  // `npx vitest run --project unit test/unit/shared/contracts/openapi.test.ts -u` writes it again after a change of the routes.
  it('is the file in docs/api', async () => {
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(at('package.json'), 'utf8')));
    expect(VERSION).toBe(version);
    const current = `${JSON.stringify(openApiDocument(VERSION), null, 2)}\n`;
    await expect(current).toMatchFileSnapshot(at('docs/api/openapi.json'));
  });
});
