import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scannersHere } from '#local/scanners.ts';
import { ValidationError } from '#shared/errors.ts';
import { fakeNuclei } from '#test/support/fake-nuclei.ts';

it('says of each scanner whether it is here, which version, or why not', async () => {
  const without = await scannersHere({ NUCLEI_BINARY: '/nonexistent/nuclei' });
  expect(without.nuclei).toMatchObject({
    available: false,
    reason: 'nuclei is not installed: there is no program /nonexistent/nuclei',
  });
  expect(without.nmap).toHaveProperty('available');

  const directory = await mkdtemp(join(tmpdir(), 'scanners-'));
  const { binary, templates } = await fakeNuclei(directory, {});
  const found = await scannersHere({ NUCLEI_BINARY: binary, NUCLEI_TEMPLATES: templates });
  expect(found.nuclei).toEqual({ available: true, version: '3.3.9' });
  await rm(directory, { recursive: true });
});

it('refuses a setting that cannot be used, by name', async () => {
  const wrong = scannersHere({ NUCLEI_TEMPLATES: 'templates' });
  await expect(wrong).rejects.toThrow(ValidationError);
  await expect(wrong).rejects.toThrow('NUCLEI_TEMPLATES must be an absolute path');
});
