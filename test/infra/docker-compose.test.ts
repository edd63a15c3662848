import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

/** As much of https://github.com/compose-spec/compose-spec as is used: anything else is a slip. */
const Compose = z.strictObject({
  services: z.record(
    z.string(),
    z.strictObject({
      image: z.string(),
      ports: z.array(z.string()),
      environment: z.record(z.string(), z.string()),
      volumes: z.array(z.string()),
    }),
  ),
});

it('LocalStack is pinned by a release, and reached from this machine alone', () => {
  const { services } = Compose.parse(parse(readFileSync('docker-compose.yml', 'utf8')));
  expect(Object.keys(services)).toEqual(['localstack']);
  expect(services.localstack?.image).toMatch(/^localstack\/localstack:\d+\.\d+\.\d+$/);
  for (const port of services.localstack?.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
});
