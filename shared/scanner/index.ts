/** The scanners that can be asked for. A new one is a definition here and a folder in containers/scan-worker/scanners. */
import { axeDefinition } from './axe.ts';
import type { ScannerDefinition, ScannerName } from './definition.ts';
import { gobusterDefinition } from './gobuster.ts';
import { nessusDefinition } from './nessus.ts';
import { nmapDefinition } from './nmap.ts';
import { nucleiDefinition } from './nuclei.ts';

export const SCANNERS: ReadonlyMap<ScannerName, ScannerDefinition> = new Map(
  [nmapDefinition, nucleiDefinition, gobusterDefinition, nessusDefinition, axeDefinition].map((definition) => [
    definition.name,
    definition,
  ]),
);
