/** The local service as a command: starts it, says where it is and with which keys, serves until it is told to end. */
import { once } from 'node:events';
import { join } from 'node:path';
import type { Context } from '#cli/context.ts';
import { showFaults } from './faults/plan.ts';
import { firstScan } from './first-scan.ts';
import type { LocalOptions } from './options.ts';
import { type Service, startService } from './service.ts';

/** `scanfleet local`. Resolves with the exit code once everything it started has ended; throws what startService throws. */
export async function runLocal(options: LocalOptions, context: Context): Promise<number> {
  await using service = await startService(options, context);
  announce(service, options, context);
  await serve(context);
  return 0;
}

/** `npm start`: the same after a first scan, or with `isOnce` that scan alone. The exit code: 0 when the scan covered its target. */
export async function runStart(options: LocalOptions, isOnce: boolean, context: Context): Promise<number> {
  await using service = await startService(options, context);
  announce(service, options, context);
  const { directory } = service.state;
  const covered = await firstScan(
    context,
    directory,
    options.ephemeral ? undefined : join(directory, 'first-report.json'),
  );
  if (!isOnce) await serve(context);
  return covered ? 0 : 1;
}

async function serve({ output, signal }: Context): Promise<void> {
  output.message('Serving. Ctrl-C ends it.');
  if (!signal.aborted) await once(signal, 'abort');
  output.message('Stopping: running scans are given back. Ctrl-C again ends at once.');
}

function announce(
  { endpoint, region, identities, state }: Service,
  { json, faults }: LocalOptions,
  { output }: Context,
): void {
  if (faults) output.message(`Faults are on. To have the same again: ${showFaults(faults)}`);
  if (json) {
    output.line(JSON.stringify({ endpoint, region, identities }));
    return;
  }
  output.fields({
    Endpoint: endpoint,
    Region: region,
    State: state.directory,
    Policy: state.policyFile,
    Scanners: state.scannersFile,
    Log: state.logFile,
  });
  output.line('');
  output
    .table([
      { title: 'IDENTITY' },
      { title: 'TENANT' },
      { title: 'ROLE' },
      { title: 'ACCESS KEY' },
      { title: 'SECRET KEY' },
    ])
    .add(identities.map((row) => [row.name, row.tenant, row.role, row.accessKeyId, row.secretAccessKey]));
  output.line('');
}
