/** A report as a person reads it: the worst first, and no more than can be read. */
import * as z from 'zod';
import { CorruptError } from '#shared/errors.ts';
import { noFindings, SEVERITIES, type Severity, type SeverityCounts } from '#shared/finding/severity.ts';
import { linesOf } from '#shared/text-lines.ts';
import { parseJson } from './exchange.ts';
import { amount, severities } from './job-view.ts';

import type { Cell, Data, Tone } from './output.ts';

/** What the table shows of a finding; every profile from `summary` on has it. */
const ShownFinding = z.object({
  severity: z.enum(SEVERITIES),
  rule: z.string(),
  title: z.string(),
  location: z.object({
    host: z.string(),
    port: z.int().optional(),
    protocol: z.string().optional(),
    url: z.string().optional(),
  }),
});
type ShownFinding = z.output<typeof ShownFinding>;
type TitledFinding = Omit<ShownFinding, 'title'> & { readonly title?: string | undefined };

interface Worst {
  /** The most severe, at most MAX_ROWS, in order of severity. */
  readonly rows: readonly ShownFinding[];
  readonly counts: SeverityCounts;
}

const MAX_ROWS = 500;
const TONES: Readonly<Record<Severity, Tone>> = {
  critical: 'bad',
  high: 'bad',
  medium: 'warning',
  low: 'good',
  info: 'quiet',
};

/** Reads an NDJSON report to its end, in memory bounded by MAX_ROWS findings of each severity. */
export async function worstFindings(body: AsyncIterable<Uint8Array>): Promise<Worst> {
  const counts = noFindings();
  const bySeverity = new Map<Severity, ShownFinding[]>(SEVERITIES.map((severity) => [severity, []]));
  for await (const line of linesOf(body)) {
    const value = parseJson(line);
    // wholeReport has checked the end line.
    if (typeof value === 'object' && value !== null && 'end' in value) continue;
    const parsed = ShownFinding.safeParse(value);
    if (!parsed.success) throw new CorruptError('unexpected_answer', 'a line of the report is not a finding');
    const finding = parsed.data;
    counts[finding.severity] += 1;
    if (counts[finding.severity] <= MAX_ROWS) bySeverity.get(finding.severity)?.push(finding);
  }
  return { rows: [...bySeverity.values()].flat().slice(0, MAX_ROWS), counts };
}

export function showFindings(data: Data, { rows, counts }: Worst): void {
  const total = SEVERITIES.reduce((sum, severity) => sum + counts[severity], 0);
  if (total === 0) {
    data.line('No findings.');
    return;
  }
  data.line('');
  data.table(FINDING_COLUMNS).add(rows.map(findingCells));
  data.line(`${amount(total, 'finding')}: ${severities(counts)}`);
  if (total > rows.length) data.line(`The ${rows.length} most severe are shown; -o FILE gets all.`);
}

export const FINDING_COLUMNS = [
  { title: 'SEVERITY' },
  { title: 'WHERE' },
  { title: 'RULE' },
  { title: 'TITLE' },
] as const;

export const findingCells = ({ severity, rule, title = '', location }: TitledFinding): readonly Cell[] => [
  { text: severity, tone: TONES[severity] },
  placeOf(location),
  rule,
  title,
];

function placeOf({ host, port, protocol, url }: ShownFinding['location']): string {
  if (url !== undefined) return url;
  const name = host.includes(':') && port !== undefined ? `[${host}]` : host;
  return `${name}${port === undefined ? '' : `:${port}`}${protocol === undefined ? '' : `/${protocol}`}`;
}
