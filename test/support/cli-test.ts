/** Tests of the command line: each gets a server of its own, found as the local service would be, and an empty folder to run in. */
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as base } from 'vitest';
import { type ContractServer, json, startContractServer } from './contract-server.ts';
import { jobView } from './job-views.ts';
import { type CliResult, runCli } from './run-cli.ts';

interface Fixtures {
  readonly server: ContractServer;
  /** The working folder: it holds local.json, and nothing of the machine's own AWS configuration is seen from it. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly scanfleet: (...args: readonly string[]) => Promise<CliResult>;
}

export const it = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads which fixtures a fixture needs from this pattern
  server: async ({}, use) => {
    const server = await startContractServer();
    await use(server);
    await server.close();
  },
  folder: async ({ server }, use) => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'scanfleet-cli-')));
    const identities = [{ name: 'acme', tenant: 'acme', role: 'acme-security', ...server.identity }];
    const local = { endpoint: server.url, region: server.region, identities };
    await writeFile(join(folder, 'local.json'), JSON.stringify(local), { mode: 0o600 });
    await use(folder);
    await rm(folder, { recursive: true });
  },
  env: async ({ folder }, use) => use({ SCANFLEET_STATE: folder, HOME: folder }),
  scanfleet: async ({ env, folder }, use) => use((...args) => runCli(args, { env, cwd: folder })),
});

/** The answer to a submit. */
export const submitted = json(201, { ...jobView({ status: 'queued', percent: 0 }), queuePosition: 2 });

/** What a host that was scanned may call itself. */
export const HOSTILE = '\u001b[31mred\u202e';
