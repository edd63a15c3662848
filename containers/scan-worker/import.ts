/**
 * A result that somebody else's run of a scanner left, in place of a run: it is fetched from where its owner uploaded it, read by the
 * scanner's own parser, and kept like any raw output. Nothing is scanned, so that neither the scanner need be here nor does the target policy
 * apply, and the coverage is that of the hosts in the file.
 */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CoverageEntry } from '#shared/finding/coverage.ts';
import { type Results, uploadKey } from '#shared/finding/results.ts';
import type { Unit } from '#shared/target/plan.ts';
import { uploadIdOf } from '#shared/target/upload.ts';
import { exitError, outcomeOf } from './exit-error.ts';
import type { Exit, HostSeen, Outcome, ParseSummary, Scanner, ScanRun } from './scanner.ts';

export const isUpload = ({ target }: Unit): boolean => target.kind === 'upload';

/** Reads uploads of `tenant` as `scanner` reads what it wrote itself. */
export function importer(
  { name, rawName, parser }: Pick<Scanner, 'name' | 'rawName' | 'parser'>,
  results: Pick<Results, 'read'>,
  tenant: string,
): Scanner {
  return {
    ...{ name, rawName, parser },
    check: async () => ({ available: true, version: 'not run: imported' }),
    groups: (targets) => targets.map((target) => [target]),
    command(run) {
      const [upload = ''] = run.targets.map(({ target }) => target);
      const outputFile = join(run.directory, rawName);
      return {
        argv: ['import', upload],
        outputFile,
        act: ({ signal }) => fetchUpload(results, uploadKey(tenant, uploadIdOf(upload) ?? ''), outputFile, signal),
      };
    },
    progress: () => ({ write: () => undefined, latest: () => undefined }),
    coverage: importCoverage,
    outcome: importOutcome,
  };
}

/** Stopped, it leaves what came until then. */
async function fetchUpload(
  results: Pick<Results, 'read'>,
  key: string,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  try {
    await pipeline(Readable.from(results.read(key)), file, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** A file that nothing could be read of is none of the scanner's; one that was cut gives what it holds, and its coverage says so. */
export function importOutcome(exit: Exit, summary: ParseSummary): Outcome {
  const { partial, records } = summary;
  const unreadable =
    partial === false || records > 0
      ? undefined
      : { code: 'upload_unreadable', message: `the upload cannot be imported: ${partial.reason}`, retryable: false };
  return outcomeOf(exitError('the import', exit) ?? unreadable, exit);
}

/** One entry for each host of the file, as members of the upload; and one for the upload itself where it does not tell of all there were. */
export function importCoverage(
  { targets }: Pick<ScanRun, 'targets'>,
  seen: readonly HostSeen[],
  exit: Exit,
  summary: ParseSummary,
): CoverageEntry[] {
  return targets.flatMap(({ target }): CoverageEntry[] => {
    const missing = missingFrom(exit, summary, seen);
    return [
      ...seen.map((host) => entryOf(target, host)),
      ...(missing === undefined ? [] : [{ target, host: target, status: 'not_scanned' as const, reason: missing }]),
    ];
  });
}

function entryOf(target: string, { address, names: [name = address], state, reason }: HostSeen): CoverageEntry {
  return {
    target,
    host: name,
    ...(address === name ? {} : { address }),
    status: state,
    ...(reason === undefined ? {} : { reason }),
  };
}

function missingFrom(exit: Exit, summary: ParseSummary, seen: readonly HostSeen[]): string | undefined {
  const outcome = importOutcome(exit, summary);
  if (!outcome.ok) return outcome.error.message;
  const { partial } = summary;
  if (partial !== false)
    return `the file could not be read to its end: ${partial.reason} at byte ${partial.byteOffset}`;
  return seen.length === 0 ? 'the file has no hosts' : undefined;
}
