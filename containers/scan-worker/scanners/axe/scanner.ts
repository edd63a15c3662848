/** axe: which faults of web pages shut people out, by axe-core in a Chromium that our own program drives (runner/). */
import type { runProcess } from '../../process.ts';
import { programVersion } from '../../program-version.ts';
import type { Scanner } from '../../scanner.ts';
import { type AxeSettings, axeCommand, axeGroups } from './command.ts';
import { axeCoverage } from './coverage.ts';
import { axeOutcome } from './outcome.ts';
import { axeParser } from './parse.ts';
import { axeProgress } from './progress.ts';

export interface AxeDeps {
  readonly run: typeof runProcess;
  readonly settings: AxeSettings;
}

/** As in `Chromium 156.0.8078.79 built on Debian GNU/Linux 12`, or `Google Chrome for Testing 156.0.8078.79`. */
const CHROMIUM_VERSION = /Chrom[^\d\n]*(\d[\d.]{0,30})/;
const AXE_VERSION = /^axe-core (\d[\w.-]{0,30})$/m;

export const axeScanner = ({ run, settings }: AxeDeps): Scanner => ({
  name: 'axe',
  rateLimit: 'axeRequestsPerSecond',
  rawName: 'axe.jsonl',
  check: () => checkAxe(run, settings),
  groups: axeGroups,
  command: (scanRun) => axeCommand(scanRun, settings),
  progress: axeProgress,
  parser: axeParser,
  coverage: axeCoverage,
  outcome: axeOutcome,
});

/** The runner names axe-core's version once it has loaded all it needs. */
async function checkAxe(run: typeof runProcess, { chromium, runner }: AxeSettings): ReturnType<Scanner['check']> {
  const [browser, axe] = await Promise.all([
    programVersion(run, 'Chromium', { file: chromium, args: ['--version'] }, CHROMIUM_VERSION),
    programVersion(run, 'axe', { file: process.execPath, args: [runner, '--version'] }, AXE_VERSION),
  ]);
  if (!axe.available) return axe;
  return browser.available ? { available: true, version: `${axe.version}, Chromium ${browser.version}` } : browser;
}
