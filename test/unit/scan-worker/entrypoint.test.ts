import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ENTRYPOINT = fileURLToPath(new URL('../../../containers/scan-worker/entrypoint.sh', import.meta.url));
const SHOW = `const { readFileSync } = await import('node:fs');
  console.log(JSON.stringify({ given: readFileSync(3, 'utf8'), environ: readFileSync('/proc/self/environ', 'utf8') }));`;

/** What the program that the entrypoint starts finds on descriptor 3 and in its environment. */
function startWith(env: Record<string, string>): { given: string; environ: string } {
  const options = { env: { PATH: process.env.PATH, JOB_TABLE: 'jobs', ...env }, encoding: 'utf8' as const };
  return JSON.parse(execFileSync('/bin/sh', [ENTRYPOINT, '--input-type=module', '-e', SHOW], options));
}

it('passes the address that ECS gives on descriptor 3 and leaves it out of the environment', () => {
  const { given, environ } = startWith({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials/4d3c' });
  expect(given).toBe('http://169.254.170.2/v2/credentials/4d3c\n\n');
  expect(environ).not.toContain('4d3c');
  expect(environ).toContain('JOB_TABLE=jobs');
});

it('passes a full address with its token', () => {
  const uri = 'http://127.0.0.1:4000/role';
  const { given, environ } = startWith({
    AWS_CONTAINER_CREDENTIALS_FULL_URI: uri,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: 'se$(id)cret',
  });
  expect(given).toBe(`${uri}\nse$(id)cret\n`);
  expect(environ).not.toMatch(/4000|cret/);
});

it('passes nothing where there is nothing, for the worker to complain', () => {
  expect(startWith({}).given).toBe('\n\n');
});
