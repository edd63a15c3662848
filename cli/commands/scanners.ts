/** `scanfleet scanners`: what can be asked for, and what stands in the way of what cannot. */
import type { Command } from 'commander';
import type { ScannersResponse } from '#shared/contracts/scanners.ts';
import { addConnectionOptions, type ConnectionOptions, connect } from '../connect.ts';
import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';

const HELP = `
Examples:
  $ scanfleet scanners
  $ scanfleet scanners --json | jq '.scanners[] | select(.name == "nuclei").options'`;

export function define(command: Command): void {
  addConnectionOptions(command).addHelpText('after', HELP);
}

export async function run(context: Context, command: Command): Promise<ExitCode> {
  const options = command.opts<ConnectionOptions>();
  const client = await connect(context, options);
  const answer = await client.call('listScanners', {}, context.signal);
  if (options.json) context.output.json(answer);
  else
    context.output
      .table([
        { title: 'SCANNER' },
        { title: 'AVAILABLE' },
        { title: 'VERSION' },
        { title: 'HEALTH' },
        { title: 'WHAT' },
      ])
      .add(
        answer.scanners.flatMap(({ instances = [], ...scanner }) => [
          rowOf(scanner, scanner.title),
          ...instances.map((one) => rowOf({ ...one, name: `  ${one.name}` }, loadOf(one))),
        ]),
      );
  return EXIT.ok;
}

type Scanner = ScannersResponse['scanners'][number];
type Instance = NonNullable<Scanner['instances']>[number];

/** Why it is not available comes before what it is. */
const rowOf = (
  {
    name,
    available,
    imports = false,
    version,
    health,
    reason,
  }:
    | (Pick<Scanner, 'name' | 'available' | 'imports' | 'version' | 'reason'> & { health: string })
    | (Instance & { imports?: false }),
  what: string,
): string[] => [name, available ? 'yes' : imports ? 'import only' : 'no', version ?? '-', health, reason ?? what];

const loadOf = ({ runningScans, maxConcurrentScans }: Instance): string =>
  runningScans === undefined ? `up to ${maxConcurrentScans} scans` : `${runningScans} of ${maxConcurrentScans} scans`;
