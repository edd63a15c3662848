/** The scanners this worker can run. A new one is a folder here and a line below. */
import type { ScannerName } from '#shared/scanner/definition.ts';
import { runProcess } from '../process.ts';
import type { Scanner } from '../scanner.ts';
import { axeScanner } from './axe/scanner.ts';
import { gobusterScanner } from './gobuster/scanner.ts';
import type { PoolDeps } from './nessus/pool.ts';
import { nessusScanner } from './nessus/scanner.ts';
import { nmapScanner } from './nmap/scanner.ts';
import { nucleiScanner } from './nuclei/scanner.ts';
import { ScannerSettings } from './settings.ts';

const privileged = process.geteuid?.() === 0;

/** Without settings: as much as reading a scanner's output needs. Nessus is there only with what reaches its servers. */
export function scannersWith(
  settings: ScannerSettings = ScannerSettings.parse({}),
  nessus?: PoolDeps,
): ReadonlyMap<ScannerName, Scanner> {
  const {
    NUCLEI_BINARY: binary,
    NUCLEI_TEMPLATES: templates,
    CHROMIUM_BINARY: chromium,
    AXE_RUNNER: runner,
  } = settings;
  const scanners = [
    nmapScanner({ run: runProcess, privileged }),
    nucleiScanner({ run: runProcess, settings: { binary, templates } }),
    gobusterScanner({ run: runProcess }),
    axeScanner({ run: runProcess, settings: { chromium, runner } }),
    ...(nessus === undefined ? [] : [nessusScanner(nessus)]),
  ];
  return new Map(scanners.map((scanner) => [scanner.name, scanner]));
}
