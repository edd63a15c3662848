/** gobuster: which paths, virtual hosts or names there are that nothing leads to. */
import type { runProcess } from '../../process.ts';
import { programVersion } from '../../program-version.ts';
import type { Scanner } from '../../scanner.ts';
import { gobusterCommand, gobusterGroups, gobusterMaterials } from './command.ts';
import { gobusterCoverage } from './coverage.ts';
import { gobusterOutcome } from './outcome.ts';
import { gobusterParser } from './parse.ts';
import { gobusterProgress } from './progress.ts';

/** `3.5`, or with the program's name before it. */
const VERSION = /^(?:gobuster )?(?:version )?v?(\d+\.\d[\w.-]{0,20})\s*$/m;

/** A stop is SIGTERM and then SIGKILL, as for every scanner (process.ts); SIGINT can make gobuster hang for ever. */
export const gobusterScanner = ({ run }: { readonly run: typeof runProcess }): Scanner => ({
  name: 'gobuster',
  rateLimit: 'gobusterRequestsPerSecond',
  rawName: 'gobuster.txt',
  check: () => programVersion(run, 'gobuster', { file: 'gobuster', args: ['version'] }, VERSION),
  materials: async (options) => gobusterMaterials(options),
  groups: gobusterGroups,
  command: gobusterCommand,
  progress: gobusterProgress,
  parser: gobusterParser,
  coverage: gobusterCoverage,
  outcome: gobusterOutcome,
});
