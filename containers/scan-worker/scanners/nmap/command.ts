/** The nmap command line for a run. Targets go in on stdin (`-iL -`), where nothing reads as an option or a range. */
import { isIP, isIPv6 } from 'node:net';
import { CorruptError } from '#shared/errors.ts';
import { NmapOptions } from '#shared/scanner/nmap.ts';
import { type Command, isRangeMember, type ScanRun, type ScanTarget } from '../../scanner.ts';
import { canonicalAddress } from '../addresses.ts';

/**
 * Categories whose scripts never run, though they may also be in one that was asked for: of `vuln` two thirds are `intrusive` too.
 * Broadcast scripts would talk to hosts that are no targets. https://nmap.org/book/nse-usage.html#nse-categories
 */
const NEVER = ['broadcast', 'brute', 'dos', 'exploit', 'external', 'fuzzer', 'intrusive', 'malware'];

/**
 * One nmap takes one family of addresses (-6), and skips the liveness check (-Pn) for all or none. An address that is both a target of
 * its own and in a CIDR is scanned once, without the check.
 */
export function nmapGroups(targets: readonly ScanTarget[]): readonly (readonly ScanTarget[])[] {
  const named = new Set(
    targets.filter((target) => !isRangeMember(target)).map(({ address }) => canonicalAddress(address)),
  );
  const kindOf = ({ address }: ScanTarget) =>
    `${isIPv6(address) ? 6 : 4} ${named.has(canonicalAddress(address)) ? 'named' : 'members'}`;
  return [...Map.groupBy(targets, kindOf).values()];
}

/**
 * `privileged`: whether nmap may open raw sockets; else it scans by connect(2). `--stats-every` makes it write its progress. It is not
 * told `--noninteractive`, which would silence that again; without a terminal it reads no keys anyway. `--max-rate` holds for the whole
 * run, whatever the number of hosts, but not for service detection and scripts (https://nmap.org/book/man-performance.html).
 */
export function nmapCommand(run: ScanRun, privileged: boolean): Command {
  const options = NmapOptions.parse(run.options);
  const addresses = [...new Set(run.targets.map(({ address }) => canonicalAddress(address)))];
  for (const address of addresses)
    if (isIP(address) === 0)
      throw new CorruptError('target_address', `${JSON.stringify(address)} is not an IP address`);
  const args = [
    ...['-oX', '-', '--stats-every', '1s', '-n'],
    ...(privileged ? [] : ['-sT', '--unprivileged']),
    ...(addresses.some((address) => isIPv6(address)) ? ['-6'] : []),
    ...(run.targets.every(isRangeMember) ? [] : ['-Pn']),
    ...[`-T${options.timing}`, '--host-timeout', `${options.hostTimeoutSeconds}s`],
    ...['--max-rate', String(run.requestsPerSecond)],
    ...portArguments(options),
    ...(options.serviceDetection ? ['-sV'] : []),
    ...(options.scripts.length > 0 ? ['--script', scriptExpression(options.scripts)] : []),
    ...['-iL', '-'],
  ];
  return { file: 'nmap', args, input: `${addresses.join('\n')}\n` };
}

function portArguments({ ports, topPorts }: NmapOptions): string[] {
  if (ports !== undefined) return ['-p', ports];
  return topPorts === undefined ? [] : ['--top-ports', String(topPorts)];
}

const scriptExpression = (categories: readonly string[]): string =>
  `(${[...new Set(categories)].join(' or ')}) and not (${NEVER.join(' or ')})`;
