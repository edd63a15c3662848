/**
 * How long a scanner needs for a target, for who has not run it yet: by what it asks and how fast it may (shared/limits.ts), since that is
 * what bounds it against hosts that answer. Hosts that drop packets take longer, up to the scanner's own time limits.
 */
import { DEFAULT_LIMITS } from '../limits.ts';
import type { ScannerName, ScannerRequest } from '../scanner/definition.ts';

interface Assumed {
  readonly secondsPerTarget: (options: ScannerRequest['options']) => number;
  readonly source: string;
}

/** nmap's own default (https://nmap.org/book/man-port-specification.html). */
const NMAP_PORTS = 1_000;
/** The order of the official templates' number (https://github.com/projectdiscovery/nuclei-templates). */
const NUCLEI_REQUESTS = 8_000;
/** The order of the shipped word lists. */
const GOBUSTER_WORDS = 5_000;
/** Measured: Chromium's start, then five pages in 6.4 s. */
const AXE_PAGE_SECONDS = 1.3;
/** A full scan of a host takes a server some minutes; it scans 30 side by side in its default policy. */
const NESSUS_SECONDS = 60;

const ASSUMED: Readonly<Record<ScannerName, Assumed>> = {
  nmap: {
    secondsPerTarget: ({ ports, topPorts }) =>
      (typeof ports === 'string' ? portCount(ports) : Number(topPorts ?? NMAP_PORTS)) /
      DEFAULT_LIMITS.nmapRequestsPerSecond,
    source: 'a probe for each port, at the default limit of 1,000 a second',
  },
  nuclei: {
    secondsPerTarget: () => NUCLEI_REQUESTS / DEFAULT_LIMITS.nucleiRequestsPerSecond,
    source: 'about 8,000 requests, at the default limit of 150 a second',
  },
  gobuster: {
    secondsPerTarget: ({ extensions }) =>
      (GOBUSTER_WORDS * (1 + (Array.isArray(extensions) ? extensions.length : 0))) /
      DEFAULT_LIMITS.gobusterRequestsPerSecond,
    source: 'about 5,000 words, each with every extension, at the default limit of 150 a second',
  },
  nessus: {
    secondsPerTarget: () => NESSUS_SECONDS,
    source: 'half an hour for 30 hosts side by side, in which the worker only waits for the server',
  },
  axe: {
    secondsPerTarget: ({ mode, maxPages }) => (mode === 'discovery' ? Number(maxPages ?? 1) : 1) * AXE_PAGE_SECONDS,
    source: 'the pages it may open, 1.3 s each as measured',
  },
};

/** `22,80,8000-8100`: 103. */
const portCount = (ports: string): number =>
  ports.split(',').reduce((sum, item) => {
    const [low = 0, high = low] = item.split('-').map(Number);
    return sum + high - low + 1;
  }, 0);

export const assumedDuration = ({ name, options }: Pick<ScannerRequest, 'name' | 'options'>) => ({
  secondsPerTarget: ASSUMED[name].secondsPerTarget(options),
  source: ASSUMED[name].source,
});
