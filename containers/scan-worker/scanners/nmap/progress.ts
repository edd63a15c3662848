/** How far a running nmap is, read from its XML as it is written. */
import { NmapOptions } from '#shared/scanner/nmap.ts';
import type { Progress } from '#shared/task/task.ts';
import { isRangeMember, type ProgressReader, type ScanRun } from '../../scanner.ts';
import { XmlTokenizer } from '../../xml/tokenizer.ts';
import { canonicalAddress } from '../addresses.ts';

interface Phase {
  /** How nmap calls it in `<taskprogress task>`. */
  readonly word: RegExp;
  /** Its share of the time, next to those of the others. A guess: what counts is that the number moves and never falls. */
  readonly share: number;
}

/** The phases that each group of hosts goes through in this run, in order. */
function phasesOf({ options, targets }: ScanRun): Phase[] {
  const { serviceDetection, scripts } = NmapOptions.parse(options);
  return [
    ...(targets.every(isRangeMember) ? [{ word: /Ping Scan$/, share: 1 }] : []),
    { word: /Scan$/, share: 6 },
    ...(serviceDetection ? [{ word: /^Service scan$/, share: 4 }] : []),
    ...(serviceDetection || scripts.length > 0 ? [{ word: /^NSE$/, share: 6 }] : []),
  ];
}

/** The part of a group's time that is over when `percent` of the phase `task` is; undefined for a phase we do not know. */
function groupShare(phases: readonly Phase[], task: string, percent: number): number | undefined {
  const index = phases.findIndex(({ word }) => word.test(task));
  const phase = phases[index];
  if (phase === undefined) return undefined;
  const sum = (some: readonly Phase[]) => some.reduce((total, { share }) => total + share, 0);
  return (sum(phases.slice(0, index)) + (phase.share * percent) / 100) / sum(phases);
}

/** nmap 7.93 scans the ports of 64 hosts together, or more (nmap.cc, determineScanGroupSize); a first group may be smaller. */
const GROUP_HOSTS = 64;

/**
 * nmap gives percent by phase, and goes through all phases again for each group of hosts; a host is written when its group is done.
 * So we count the hosts that are done and, of the group in work, the phases before and the part of this one. 100 is for the end.
 */
export function nmapProgress(run: ScanRun): ProgressReader {
  const phases = phasesOf(run);
  const total = new Set(run.targets.map(({ address }) => canonicalAddress(address))).size;
  let done = 0;
  let latest: Progress | undefined;

  function report(share: number, message: string): void {
    const group = Math.min(GROUP_HOSTS, total - done);
    const percent = Math.min(99, Math.floor((100 * (done + group * share)) / total));
    latest = { current: done, total, percent: Math.max(latest?.percent ?? 0, percent), message };
  }
  const tokenizer = new XmlTokenizer({
    open(name, attributes) {
      if (name !== 'taskprogress') return;
      const task = attributes.get('task') ?? '';
      const percent = Math.min(100, Math.max(0, Number(attributes.get('percent') ?? 0) || 0));
      const share = groupShare(phases, task, percent);
      if (share !== undefined) report(share, task);
    },
    close(name) {
      if (name !== 'host') return;
      done = Math.min(total, done + 1);
      report(0, latest?.message ?? 'Scan');
    },
    text: () => undefined,
    wantsText: () => false,
  });
  return {
    write(stream, chunk) {
      if (stream === 'stdout') tokenizer.write(chunk);
    },
    latest: () => latest,
  };
}
