/** What a run amounts to, and how it is printed. */
import type { Tally } from './calls.ts';

/** What a process tells when it ends. */
export interface Told {
  readonly tally: Tally;
  /** A worker's with that of its scanners. */
  readonly cpuMs: number;
}

export interface Figures extends Told {
  readonly tasks: number;
  readonly seconds: number;
  /** Of the benchmark's own process, which holds SQS and S3. */
  readonly emulatorsCpuMs: number;
}

export const perSecond = ({ tasks, seconds }: Figures): number => tasks / seconds;

export function sum(all: readonly Told[]): Told {
  const add = (into: Record<string, number>, from: Readonly<Record<string, number>>) => {
    for (const [name, value] of Object.entries(from)) into[name] = (into[name] ?? 0) + value;
    return into;
  };
  const amounts = all.reduce((total, { tally }) => add(total, tally.amounts), {});
  const calls = all.reduce((total, { tally }) => add(total, tally.calls), {});
  return {
    tally: { calls, amounts: amounts as Tally['amounts'] },
    cpuMs: all.reduce((total, { cpuMs }) => total + cpuMs, 0),
  };
}

export function print(what: string, figures: Figures): void {
  const { tasks, tally, cpuMs, emulatorsCpuMs } = figures;
  const { items, units, lockItems, lockUnits, lockCalls, refused } = tally.amounts;
  const each = (value: number) => (value / tasks).toFixed(2);
  const callsTo = (service: string) =>
    Object.entries(tally.calls).reduce((total, [name, count]) => total + (name.startsWith(service) ? count : 0), 0);
  const listed = Object.entries(tally.calls)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, count]) => `${name.split(' ')[1]} ${each(count)}`);
  console.log(`${what}: ${perSecond(figures).toFixed(1)} tasks/s
    a task: DynamoDB ${each(callsTo('dynamodb') - lockCalls)} calls, ${each(items)} items written, ${each(units)} units; host locks ${each(lockCalls)} calls, ${each(lockItems)} items, ${each(lockUnits)} units
    SQS ${each(callsTo('sqs'))} calls; S3 ${each(callsTo('s3'))} calls; refused ${each(refused)}
    ${listed.join(', ')}
    CPU ${each(cpuMs)} ms, and of SQS and S3 ${each(emulatorsCpuMs)} ms`);
}
