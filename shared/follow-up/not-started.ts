/** Counts scans that were not started: one entry for each scanner and reason, however many there are; and names those that the target policy denied. */
import type { ScannerName } from '../scanner/definition.ts';
import type { DeniedTarget } from '../target/denials.ts';
import type { DenialCode } from '../target/policy.ts';
import type { NotStarted, NotStartedCode } from './rule.ts';

export interface Refusal {
  readonly code: NotStartedCode;
  readonly reason: string;
  /** Where the target policy said no: its own word for why. */
  readonly denial?: DenialCode;
}

const MAX_EXAMPLES = 5;

export function notStartedCounts() {
  const entries = new Map<string, NotStarted>();
  const denied: DeniedTarget[] = [];
  const count = (scanner: ScannerName, { code, reason }: Refusal, targets: number, examples: readonly string[]) => {
    const key = `${scanner} ${code}`;
    const before = entries.get(key) ?? { scanner, code, reason, targets: 0, examples: [] };
    entries.set(key, {
      ...before,
      targets: before.targets + targets,
      examples: [...before.examples, ...examples].slice(0, MAX_EXAMPLES),
    });
  };
  return {
    add(scanner: ScannerName, refusal: Refusal, target: string): void {
      const { denial: code, reason } = refusal;
      if (code !== undefined) denied.push({ target, code, reason });
      count(scanner, refusal, 1, [target]);
    },
    addMany: (scanner: ScannerName, refusal: Refusal, targets: number) => count(scanner, refusal, targets, []),
    result: (): { notStarted: readonly NotStarted[]; denied: readonly DeniedTarget[] } => ({
      notStarted: [...entries.values()],
      denied,
    }),
  };
}
