/** The same spellings over HTTP, against the whole service, where nothing opens loopback. */
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { REFUSED, type Refused } from '#test/support/forbidden-targets.ts';
import { type RunningService, startService } from '#test/support/service.ts';

/** How many field errors one answer lists. */
const ERRORS_LISTED = 100;

let state: string;
let service: RunningService;
beforeAll(async () => {
  state = await realpath(await mkdtemp(join(tmpdir(), 'scanfleet-test-')));
  await writeFile(join(state, 'policy.yaml'), '');
  service = await startService({ state, env: { SCANFLEET_MAX_WORKERS: '0', SCANFLEET_RATE_LIMIT: 'off' } });
}, 60_000);
afterAll(async () => {
  await service.stop();
  await rm(state, { recursive: true, force: true });
});

function batches(status: Refused['status']) {
  const all = REFUSED.filter((refused) => refused.status === status);
  const rows = all.flatMap(({ says, spellings }) => spellings.map((spelling) => ({ says, spelling })));
  return Array.from({ length: Math.ceil(rows.length / ERRORS_LISTED) }, (_, n) =>
    rows.slice(n * ERRORS_LISTED, (n + 1) * ERRORS_LISTED),
  );
}

it.each([400, 403] as const)(
  'every spelling that is answered with %i is named, and there is no job',
  async (status) => {
    for (const rows of batches(status)) {
      const json = { targets: rows.map(({ spelling }) => spelling), scanners: [{ name: 'nmap' }] };
      const answer = await service.ask(service.as('acme'), '/jobs', { method: 'POST', json });
      expect(answer.status).toBe(status);
      expect(((await answer.json()) as { errors: unknown }).errors).toEqual(
        rows.map(({ says }, n) => ({ field: `targets[${n}]`, message: expect.stringContaining(says) })),
      );
    }
    const list = await service.ask(service.as('acme'), '/jobs');
    expect(((await list.json()) as { jobs: unknown[] }).jobs).toEqual([]);
  },
);
