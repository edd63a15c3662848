/** The nuclei command line for a run: always of one target, as nuclei tells what it sent and could not send for all targets together. */
import { CorruptError } from '#shared/errors.ts';
import { NucleiOptions } from '#shared/scanner/nuclei.ts';
import { formatAddress, parseAddress } from '#shared/target/address.ts';
import { isSpecialAddress } from '#shared/target/special-ranges.ts';
import type { Command, ScanRun, ScanTarget } from '../../scanner.ts';

export interface NucleiSettings {
  /** The program: a path, or a name on the PATH. */
  readonly binary: string;
  /** The folder of templates that runs: always this one, whatever nuclei would download. */
  readonly templates: string;
}

/** Templates with one of these tags never run: they put a service out of work, or guess passwords. */
const NEVER_TAGS = ['bruteforce', 'brute-force', 'dos', 'fuzz', 'intrusive'];
/** Kinds of template that look at, or run something on, the machine that scans. */
const NEVER_TYPES = ['code', 'file', 'headless'];
/** Errors in a row after which nuclei gives a host up; its own default. */
const MAX_HOST_ERRORS = 30;
/** nuclei serves figures on a port of loopback; 0 lets the kernel choose one that no other run has. */
const METRICS_PORT = 0;

export const nucleiGroups = (targets: readonly ScanTarget[]): readonly (readonly ScanTarget[])[] =>
  targets.map((target) => [target]);

/**
 * nuclei resolves the name again. Where the address that was checked is a public one, it may not connect to a local or private one
 * (`-lna`), so that a name bound anew in between leads to nothing that the policy keeps closed by default.
 */
export function nucleiCommand(run: ScanRun, { binary, templates }: NucleiSettings): Command {
  const { severity, tags, templateIds, rateLimit } = NucleiOptions.parse(run.options);
  const [target] = run.targets;
  if (target === undefined) throw new CorruptError('target_missing', 'a run of nuclei has no target');
  const chosen = (flag: string, values: readonly string[]) => (values.length > 0 ? [flag, values.join(',')] : []);
  const args = [
    ...['-target', spelled(target.host), '-templates', templates],
    ...['-jsonl', '-stats', '-stats-json', '-stats-interval', '1', '-metrics-port', String(METRICS_PORT)],
    ...['-no-color', '-disable-update-check', '-no-interactsh', '-disable-redirects'],
    ...[
      '-rate-limit',
      String(Math.min(rateLimit ?? run.requestsPerSecond, run.requestsPerSecond)),
      '-max-host-error',
      String(MAX_HOST_ERRORS),
    ],
    ...(isSpecialAddress(target.address) ? [] : ['-restrict-local-network-access']),
    ...chosen('-severity', severity),
    ...chosen('-tags', tags),
    ...chosen('-template-id', templateIds),
    ...['-exclude-tags', NEVER_TAGS.join(','), '-exclude-type', NEVER_TYPES.join(',')],
  ];
  return { file: binary, args };
}

/** An IPv6 address in brackets, as nuclei would take its last group for a port. */
function spelled(host: string): string {
  const address = parseAddress(host);
  return address?.version === 6 ? `[${formatAddress(address)}]` : host;
}
