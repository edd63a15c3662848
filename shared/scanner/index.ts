/** The scanners that can be asked for. A new one is a definition here and a folder in containers/scan-worker/scanners. */
import type { ScannerDefinition, ScannerName } from './definition.ts';
import { nmapDefinition } from './nmap.ts';

export const SCANNERS: ReadonlyMap<ScannerName, ScannerDefinition> = new Map(
  [nmapDefinition].map((definition) => [definition.name, definition]),
);
