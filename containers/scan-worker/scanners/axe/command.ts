/** The program that drives the browser, for a run of one target: so that the browser can be held to one place. */
import { CorruptError } from '#shared/errors.ts';
import { AxeOptions } from '#shared/scanner/axe.ts';
import type { Command, ScanRun, ScanTarget } from '../../scanner.ts';
import type { RunnerRequest } from './request.ts';
import { siteOf } from './site.ts';

export interface AxeSettings {
  /** The browser: a path, or a name on the PATH. */
  readonly chromium: string;
  /** The runner: an absolute path. */
  readonly runner: string;
}

/** MiB of the runner's own heap: what a page tells of itself passes through it. */
const RUNNER_HEAP_MIB = 512;

export const axeGroups = (targets: readonly ScanTarget[]): readonly (readonly ScanTarget[])[] =>
  targets.map((target) => [target]);

/** What to do goes in on stdin: selectors are a caller's texts, and no arguments. */
export function axeCommand(run: ScanRun, { chromium, runner }: AxeSettings): Command {
  const options = AxeOptions.parse(run.options);
  const [target] = run.targets;
  if (target === undefined) throw new CorruptError('target_missing', 'a run of axe has no target');
  const { requestsPerSecond } = run;
  const request: RunnerRequest = { chromium, site: siteOf(target), options, requestsPerSecond };
  return {
    file: process.execPath,
    args: [`--max-old-space-size=${RUNNER_HEAP_MIB}`, runner],
    input: JSON.stringify(request),
  };
}
