/** nmap: which hosts answer, which ports are open, what runs there, and what harmless NSE scripts say about it. */
import type { runProcess } from '../../process.ts';
import { programVersion } from '../../program-version.ts';
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

const VERSION = /^Nmap version (\S+)/m;

export function nmapScanner({ run, privileged }: NmapDeps): Scanner {
  return {
    name: 'nmap',
    rateLimit: 'nmapRequestsPerSecond',
    rawName: 'nmap.xml',
    check: () => programVersion(run, 'nmap', { file: 'nmap', args: ['--version'] }, VERSION),
    groups: nmapGroups,
    command: (scanRun) => nmapCommand(scanRun, privileged),
    progress: nmapProgress,
    parser: nmapParser,
    coverage: nmapCoverage,
    outcome: nmapOutcome,
  };
}
