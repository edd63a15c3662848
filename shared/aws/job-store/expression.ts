/**
 * Writes as data, and how they become DynamoDB's expressions. A condition is written as in the documentation of the protocol, with
 * placeholders that need no list of their own: `#x` is the attribute x; `:x` is `values.x`, or, where x is a state, the state itself.
 */
import { STATUSES, type Status } from '../../status.ts';
import type { Key } from '../table.ts';

export type Attributes = Readonly<Record<string, unknown>>;

interface Conditional {
  readonly key: Key;
  /** The condition; absent: none. Of an update or a delete a conjunction: more is joined to it by AND. */
  readonly when?: string;
  /** Values the condition names. */
  readonly values?: Attributes;
}
export interface Put extends Conditional {
  readonly kind: 'put';
  /** Without its key. */
  readonly item: Attributes;
}
export interface Update extends Conditional {
  readonly kind: 'update';
  /** Undefined values are left as they are. */
  readonly set?: Attributes;
  readonly add?: Readonly<Record<string, number>>;
  readonly remove?: readonly string[];
  /** Whether the answer is to hold the item as it is then; not in a transaction, which answers nothing. */
  readonly returning?: true;
}
export interface Delete extends Conditional {
  readonly kind: 'delete';
}
export type Write = Put | Update | Delete;

export interface Expressions {
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, unknown>;
}

/** `#status IN (…)`, for states out of a lifecycle's table. */
export const statusIn = (statuses: readonly Status[]): string =>
  `#status IN (${statuses.map((status) => `:${status}`).join(', ')})`;

/** There is no such item, or only one that has expired: DynamoDB deletes late (within some days, developer guide, "TTL"). Needs `:nowEpochSeconds`. */
export const ABSENT = '(attribute_not_exists(#pk) OR #expiresAtEpochSeconds <= :nowEpochSeconds)';

const PLACEHOLDERS = /[#:]\w+/g;

export function expressionsOf(write: Write): Expressions {
  const { names, values } = bindings(write.when ?? '', write.values ?? {});
  const update = write.kind === 'update' ? updateExpression(write, names, values) : '';
  return {
    ...(write.when === undefined ? {} : { ConditionExpression: write.when }),
    ...(update === '' ? {} : { UpdateExpression: update }),
    ...(isEmpty(names) ? {} : { ExpressionAttributeNames: names }),
    ...(isEmpty(values) ? {} : { ExpressionAttributeValues: values }),
  };
}

export interface Bindings {
  readonly names: Record<string, string>;
  readonly values: Record<string, unknown>;
}

/** What the placeholders of `text` stand for. */
export function bindings(text: string, given: Attributes): Bindings {
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  for (const placeholder of text.match(PLACEHOLDERS) ?? []) {
    const word = placeholder.slice(1);
    if (placeholder.startsWith('#')) names[placeholder] = word;
    else values[placeholder] = valueFor(word, given);
  }
  return { names, values };
}

function valueFor(word: string, given: Attributes): unknown {
  const value = given[word];
  if (value !== undefined) return value;
  if ((STATUSES as readonly string[]).includes(word)) return word;
  throw new TypeError(`the expression names :${word}, which has no value`);
}

/** `SET … ADD … REMOVE …`. Its values are called `:SET_x` and `:ADD_x`, so that a condition may use other values of the same attribute. */
function updateExpression(
  { set = {}, add = {}, remove = [] }: Update,
  names: Record<string, string>,
  values: Record<string, unknown>,
): string {
  const clause = (verb: string, entries: readonly [string, unknown][], sign: string) => {
    if (entries.length === 0) return [];
    const parts = entries.map(([name, value]) => {
      names[`#${name}`] = name;
      values[`:${verb}_${name}`] = value;
      return `#${name}${sign}:${verb}_${name}`;
    });
    return [`${verb} ${parts.join(', ')}`];
  };
  for (const name of remove) names[`#${name}`] = name;
  return [
    ...clause(
      'SET',
      Object.entries(set).filter(([, value]) => value !== undefined),
      ' = ',
    ),
    ...clause('ADD', Object.entries(add), ' '),
    ...(remove.length === 0 ? [] : [`REMOVE ${remove.map((name) => `#${name}`).join(', ')}`]),
  ].join(' ');
}

const isEmpty = (object: object): boolean => {
  for (const _ in object) return false;
  return true;
};
