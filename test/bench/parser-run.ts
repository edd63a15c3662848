/** One run of a parser over a file, in this process, and the line that tells how it went. */
import { stat } from 'node:fs/promises';

/** Reads the file; how many records it delivered. */
export type Pipeline = (path: string) => Promise<number>;

/** Throws for a name that `pipelines` does not have. Peak memory is the process's: measure one run a process. */
export async function runOne(pipelines: Readonly<Record<string, Pipeline>>, name: string, path: string): Promise<void> {
  const run = pipelines[name];
  if (run === undefined) throw new Error(`no pipeline ${name}`);
  const startedAt = performance.now();
  const delivered = await run(path);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const megabytes = (await stat(path)).size / 1e6;
  const perSecond = (megabytes / seconds).toFixed(0);
  const perCpuSecond = (megabytes / ((userCPUTime + systemCPUTime) / 1e6)).toFixed(0);
  process.stdout.write(
    `${name.padEnd(8)} ${megabytes.toFixed(0).padStart(5)} MB ${perSecond.padStart(4)} MB/s ${perCpuSecond.padStart(4)} MB/CPU-s  peak ${(maxRSS / 1024).toFixed(0)} MB  (${delivered} delivered)\n`,
  );
}
