/** nmap: which hosts answer, which ports are open, what runs there, and what harmless NSE scripts say about it. */
import { tmpdir } from 'node:os';
import type { runProcess } from '../../process.ts';
import type { Scanner } from '../../scanner.ts';
import { nmapCommand, nmapGroups } from './command.ts';
import { nmapCoverage } from './coverage.ts';
import { nmapOutcome } from './outcome.ts';
import { nmapParser } from './parse.ts';
import { nmapProgress } from './progress.ts';

export interface NmapDeps {
  readonly run: typeof runProcess;
  /** Whether nmap may open raw sockets; root may. */
  readonly privileged: boolean;
}

const CHECK_TIMEOUT_MS = 10_000;
const CHECK_OUTPUT_BYTES = 64 * 1024;

export function nmapScanner({ run, privileged }: NmapDeps): Scanner {
  return {
    name: 'nmap',
    rateLimit: 'nmapRequestsPerSecond',
    rawName: 'nmap.xml',
    check: () => checkNmap(run),
    groups: nmapGroups,
    command: (scanRun) => nmapCommand(scanRun, privileged),
    progress: nmapProgress,
    parser: nmapParser,
    coverage: nmapCoverage,
    outcome: nmapOutcome,
  };
}

async function checkNmap(run: typeof runProcess): ReturnType<Scanner['check']> {
  let output = '';
  const exit = await run(
    { file: 'nmap', args: ['--version'] },
    {
      directory: tmpdir(),
      timeoutMs: CHECK_TIMEOUT_MS,
      maxOutputBytes: CHECK_OUTPUT_BYTES,
      signal: new AbortController().signal,
      onStdout(chunk) {
        output += Buffer.from(chunk).toString('latin1');
      },
      onStderr: () => undefined,
    },
  );
  const version = /^Nmap version (\S+)/m.exec(output)?.[1];
  if (version !== undefined) return { available: true, version };
  if (exit.reason === 'not_started') return { available: false, reason: `nmap is not installed: ${exit.stderrTail}` };
  return { available: false, reason: 'nmap --version did not say a version' };
}
