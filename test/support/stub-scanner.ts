/**
 * A scanner around the fake one (fake-scanner.ts): real processes, and an output that is easy to write by hand. Its lines are
 * `host <address> <state>`, `port <address> <number>` and `percent <number>`; exit 0 is success, 75 (EX_TEMPFAIL of sysexits.h) may be
 * tried again, everything else is for good.
 */
import type { Command, Exit, HostSeen, Scanner, ScanRun, ScanTarget } from '#containers/scan-worker/scanner.ts';
import type { CoverageEntry } from '#shared/finding/coverage.ts';
import { fingerprint } from '#shared/finding/fingerprint.ts';
import { noFindings } from '#shared/finding/severity.ts';
import type { Progress } from '#shared/task/task.ts';

const EX_TEMPFAIL = 75;

interface StubOptions {
  /** What a run starts. */
  command(run: ScanRun): Command;
  /** One group when absent. */
  groups?(targets: readonly ScanTarget[]): readonly (readonly ScanTarget[])[];
}

export function stubScanner({
  command,
  groups = (targets) => (targets.length ? [targets] : []),
}: StubOptions): Scanner {
  return {
    name: 'nmap',
    rateLimit: 'nmapRequestsPerSecond',
    rawName: 'stub.txt',
    check: async () => ({ available: true, version: '1.0' }),
    groups,
    command,
    progress: () => progressReader(),
    parser(sink, { detectedAt }) {
      const bySeverity = noFindings();
      let rest = '';
      let hosts = 0;
      const line = (text: string) => {
        const [word, address = '', value = ''] = text.split(' ');
        if (word === 'host') {
          hosts += 1;
          sink.host({ address, names: [], state: value as HostSeen['state'] });
        }
        if (word !== 'port') return;
        bySeverity.info += 1;
        const location = { host: address, ip: address, port: Number(value), protocol: 'tcp' };
        const id = fingerprint('nmap', 'open-port', location);
        sink.finding({
          id,
          scanner: 'nmap',
          rule: 'open-port',
          title: 'Open port',
          severity: 'info',
          location,
          detectedAt,
        });
      };
      return {
        write(chunk) {
          const lines = (rest + Buffer.from(chunk).toString()).split('\n');
          rest = lines.pop() ?? '';
          lines.forEach(line);
        },
        end: () => ({ records: hosts, findings: bySeverity.info, bySeverity, partial: false, details: {} }),
      };
    },
    coverage: ({ targets }, seen) => targets.map((target) => entryOf(target, seen)),
    outcome: ({ code, reason, stderrTail }: Exit) =>
      code === 0
        ? { ok: true }
        : {
            ok: false,
            error: { code: `stub_${reason}`, message: `exit ${code}`, retryable: code === EX_TEMPFAIL, stderrTail },
          },
  };
}

function entryOf({ target, host, address }: ScanTarget, seen: readonly HostSeen[]): CoverageEntry {
  const found = seen.find((one) => one.address === address);
  return {
    target,
    host,
    address,
    ...(found ? { status: found.state } : { status: 'not_scanned', reason: 'not reported' }),
  };
}

function progressReader() {
  let latest: Progress | undefined;
  return {
    write(_stream: string, chunk: Uint8Array) {
      const percent = Number(/.*^percent (\d+)$/ms.exec(Buffer.from(chunk).toString())?.[1]);
      if (percent >= 0) latest = { current: percent, total: 100, percent, message: 'scanning' };
    },
    latest: () => latest,
  };
}
