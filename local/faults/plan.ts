/** Which faults may happen and how likely each is, as the user wrote it: `all,seed=7`, `throttle=0.1,sqs.drop,worker.kill=0.02`. */
import { randomInt } from 'node:crypto';
import { ValidationError } from '#shared/errors.ts';

/** What can go wrong with any call to a service, and how likely it is where nobody says more. docs/local.md tells what each does. */
const CALL_FAULTS = { throttle: 0.05, error: 0.02, cut: 0.02, slow: 0.05, 'lost-answer': 0.02 } as const;

/** By place. Of workers and the gateway it is each second. */
const FAULTS = {
  dynamodb: { ...CALL_FAULTS, conflict: 0.05 },
  sqs: { ...CALL_FAULTS, drop: 0.05, repeat: 0.1, delay: 0.1 },
  s3: CALL_FAULTS,
  ecs: { ...CALL_FAULTS, refuse: 0.1, hang: 0.1 },
  events: { ...CALL_FAULTS, drop: 0.1, repeat: 0.1, delay: 0.2 },
  worker: { kill: 0.01, pause: 0.01 },
  gateway: { restart: 0.01 },
} as const;

export type CallFault = keyof typeof CALL_FAULTS;
export type Place = keyof typeof FAULTS;
export type FaultName = { [P in Place]: `${P}.${string & keyof (typeof FAULTS)[P]}` }[Place];
/** Those in front of which a proxy stands. */
export type ProxiedService = Exclude<Place, 'worker' | 'gateway'>;

export interface FaultPlan {
  /** What the user wrote, but for a seed. */
  readonly given: string;
  readonly seed: number;
  /** From 0 to 1, of those that may happen. */
  readonly chances: ReadonlyMap<FaultName, number>;
}

interface Row {
  readonly place: string;
  readonly kind: string;
  readonly name: FaultName;
  readonly chance: number;
}
const ROWS: readonly Row[] = Object.entries(FAULTS).flatMap(([place, kinds]) =>
  Object.entries(kinds).map(([kind, chance]) => ({ place, kind, name: `${place}.${kind}` as FaultName, chance })),
);
export const FAULT_NAMES: readonly FaultName[] = ROWS.map(({ name }) => name);

const OPTION = '--faults';
const MAX_SEED = 2 ** 32 - 1;

/** Each item changes what those before it said. Throws ValidationError that names every item that cannot be used. */
export function readFaults(text: string): FaultPlan {
  const items = text.split(',').map((item) => item.trim());
  const read = items.map(readItem);
  const errors = read.flatMap((one) => (typeof one === 'string' ? { field: OPTION, message: one } : []));
  if (errors.length > 0) throw new ValidationError(errors);
  const said = read.filter((one) => typeof one !== 'string');
  const chances = new Map(said.flatMap((one) => one.chances ?? []));
  const seed = said.findLast((one) => one.seed !== undefined)?.seed ?? randomInt(MAX_SEED);
  const given = items.filter((item) => !item.startsWith('seed=')).join(',');
  return { given, seed, chances: new Map([...chances].filter(([, chance]) => chance > 0)) };
}

interface Item {
  readonly seed?: number;
  readonly chances?: readonly (readonly [FaultName, number])[];
}

/** What an item says, or what is wrong with it. */
function readItem(item: string): Item | string {
  const quoted = JSON.stringify(item);
  const [word = '', value] = item.split(/=(.*)/s);
  if (word === 'seed') {
    const seed = numberIn(value, MAX_SEED);
    return Number.isInteger(seed) ? { seed } : `${quoted} is no seed; allowed: a whole number from 0 to ${MAX_SEED}`;
  }
  const rows = ROWS.filter(({ place, kind, name }) => ['all', place, kind, name].includes(word));
  if (rows.length === 0) return `${quoted} is no fault; allowed: ${allowedWords()}`;
  const chance = value === undefined ? undefined : numberIn(value, 1);
  if (Number.isNaN(chance)) return `${quoted} has no such chance; allowed: a number from 0 (never) to 1 (always)`;
  return { chances: rows.map((row) => [row.name, chance ?? row.chance]) };
}

/** NaN for what is none. */
function numberIn(text = '', max: number): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return number <= max ? number : Number.NaN;
}

const allowedWords = (): string =>
  [...new Set(['all', ...Object.keys(FAULTS), ...ROWS.map(({ kind }) => kind), 'seed=NUMBER'])].join(', ') +
  ', or a place and a kind, as in s3.slow';

/** What makes the same faults happen again. */
export const showFaults = ({ given, seed }: FaultPlan): string => `${OPTION} ${given},seed=${seed}`;
