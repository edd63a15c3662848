/** `scanfleet parse --scanner NAME FILE`: an output that a scanner wrote before, as findings. Needs no service. */
import { createReadStream } from 'node:fs';
import { addAbortSignal, pipeline, type Readable } from 'node:stream';
import { constants, createGunzip } from 'node:zlib';
import { type Command, Option } from 'commander';
import type { ParseSummary, Scanner } from '#containers/scan-worker/scanner.ts';
import { scannersWith } from '#containers/scan-worker/scanners/index.ts';
import { nessusParser } from '#containers/scan-worker/scanners/nessus/parse.ts';
import { ValidationError } from '#shared/errors.ts';
import type { ScannerName } from '#shared/scanner/definition.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';

interface ParseOptions {
  readonly scanner: ScannerName;
  readonly summary?: true;
}

/**
 * Parsed at a time. Small, because what is in work between two writes outlives V8's collections of young objects, and by that lets their
 * space grow: of a file of 1 GB the process takes 130 MB at its peak, with 64 KB at a time 220 MB.
 */
const STEP_BYTES = 16 * 1024;

const parsers = new Map<ScannerName, Scanner['parser']>([
  ...[...scannersWith()].map(([name, { parser }]) => [name, parser] as const),
  ['nessus', nessusParser],
]);

const HELP = `
Findings go to stdout, one JSON object a line. An output that was cut or cannot be read to its end gives what could be
read, says so on stderr, and ends with exit code 7. A file named .gz is unpacked as it is read.

Examples:
  $ scanfleet parse --scanner nmap scan.xml | jq -r .title
  $ nmap -oX - 127.0.0.1 | scanfleet parse --scanner nmap - --summary`;

export function define(command: Command): void {
  command
    .description('Normalise the output of a scanner that ran elsewhere: findings as NDJSON. Needs no service.')
    .argument('<file>', 'what the scanner wrote; - for stdin')
    .addOption(new Option('--scanner <name>', 'whose output it is').choices([...parsers.keys()]).makeOptionMandatory())
    .option('--summary', 'only count: one JSON object')
    .option('--json', 'print JSON, as is done in any case; failures too')
    .addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const [file] = command.processedArgs as [string];
  const { scanner: name, summary: onlyCount } = command.opts<ParseOptions>();
  const parserOf = parsers.get(name);
  if (parserOf === undefined) throw new ValidationError([{ field: '--scanner', message: `${name} cannot be parsed` }]);
  let lines = '';
  const parser = parserOf(
    {
      finding(finding) {
        if (!onlyCount) lines += `${JSON.stringify(finding)}\n`;
      },
      host: () => undefined,
    },
    { detectedAt: context.now().toISOString() },
  );
  // Between two pieces of input, so that a slow reader of stdout holds up the reading and nothing piles up.
  const flush = async () => {
    if (lines !== '') await context.output.write(lines);
    lines = '';
  };
  for await (const chunk of bytesOf(context, file)) {
    for (let from = 0; from < chunk.length; from += STEP_BYTES) {
      parser.write(chunk.subarray(from, from + STEP_BYTES));
      await flush();
    }
  }
  const summary = parser.end();
  await flush();
  if (onlyCount) context.output.json(countsOf(summary));
  const { partial } = summary;
  if (partial === false) return EXIT.ok;
  context.output.message(`scanfleet: ${file} was read in part only: ${partial.reason} (at byte ${partial.byteOffset})`);
  return EXIT.partial;
}

const countsOf = ({ details: _, ...counts }: ParseSummary): Omit<ParseSummary, 'details'> => counts;

/** The file's bytes, or those of stdin. Throws ValidationError when it cannot be read. */
async function* bytesOf({ stdin, signal }: Context, file: string): AsyncGenerator<Buffer> {
  const source = addAbortSignal(signal, file === '-' ? stdin : createReadStream(file));
  try {
    yield* file.endsWith('.gz') ? unpacked(source) : source;
  } catch (cause) {
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ValidationError([{ field: '<file>', message: `${file} cannot be read: ${why}` }], { cause });
  }
}

/** Of a file that was cut all that is there comes out, and it is for the parser to see that it was cut. */
function unpacked(source: Readable): Readable {
  const gunzip = createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
  pipeline(source, gunzip, () => undefined); // its error comes out of `gunzip` too
  return gunzip;
}
