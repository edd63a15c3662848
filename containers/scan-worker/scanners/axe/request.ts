/** What the worker asks of the runner, on its stdin, and what the runner says of its way, on stderr. */
import * as z from 'zod';
import { AxeOptions } from '#shared/scanner/axe.ts';

export const RunnerRequest = z.object({
  /** The browser: a path, or a name on the PATH. */
  chromium: z.string(),
  site: z.object({ url: z.url(), origins: z.array(z.url()).min(1).readonly(), address: z.string() }),
  options: AxeOptions,
  requestsPerSecond: z.number().positive(),
});
export type RunnerRequest = z.output<typeof RunnerRequest>;

/** One line of stderr each time a page is done. */
export const RunnerProgress = z.object({
  /** Pages done, and pages to be done as far as is known. */
  pages: z.int().min(0),
  of: z.int().min(1),
});
export type RunnerProgress = z.output<typeof RunnerProgress>;

/** The runner's exit codes beside 0: it was asked for what cannot be done. */
export const REFUSED_CODE = 2;
