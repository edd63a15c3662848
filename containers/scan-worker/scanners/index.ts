/** The scanners this worker can run. A new one is a folder here and a line below. */
import type { ScannerName } from '#shared/scanner/definition.ts';
import { runProcess } from '../process.ts';
import type { Scanner } from '../scanner.ts';
import { nmapScanner } from './nmap/scanner.ts';

const privileged = process.geteuid?.() === 0;

export const scanners: ReadonlyMap<ScannerName, Scanner> = new Map(
  [nmapScanner({ run: runProcess, privileged })].map((scanner) => [scanner.name, scanner]),
);
