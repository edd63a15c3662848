/** A scan's report, as a file of this machine. */
import { UnavailableError } from '#shared/errors.ts';
import type { PoolDeps } from './pool.ts';
import { type Exported, type NessusServer, patiently } from './server.ts';

interface Report {
  /** Of the scan. */
  readonly id: number;
  readonly outputFile: string;
  readonly maxBytes: number;
}

const LOOK_MS = 2_000;
/** Ten minutes: a report of 66 hosts is made in seconds. */
const LOOKS = 300;
const TRIES = 3;

/**
 * Has it made, waits for it and downloads it, not through memory. Throws UnavailableError `nessus_export_failed` when it is not made, and
 * what the server throws.
 */
export async function bringHome(
  deps: PoolDeps,
  server: NessusServer,
  { id, outputFile, maxBytes }: Report,
  signal: AbortSignal,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const exported = await patiently(deps, 'an export of Nessus', signal, () => server.startExport(id));
    if (await isReady(deps, server, id, exported, signal)) return server.download(id, exported, outputFile, maxBytes);
    if (tries === TRIES) throw failed(id, `it failed ${TRIES} times`);
  }
}

/** False when it failed, which may be otherwise with another. */
async function isReady(
  deps: PoolDeps,
  server: NessusServer,
  id: number,
  exported: Exported,
  signal: AbortSignal,
): Promise<boolean> {
  for (let look = 1; look <= LOOKS; look += 1) {
    const status = await server.exportStatus(id, exported);
    if (status === 'ready') return true;
    if (status === 'error') return false;
    if (signal.aborted) throw failed(id, 'it was stopped');
    await deps.clock.sleep(LOOK_MS, signal);
  }
  throw failed(id, `it is not ready after ${(LOOKS * LOOK_MS) / 1_000} s`);
}

const failed = (id: number, why: string) =>
  new UnavailableError('nessus_export_failed', `the report of scan ${id} cannot be had: ${why}`);
