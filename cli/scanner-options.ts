/** `--scanner nmap --option ports=1-1024 --option serviceDetection=true`: what was written as text, in the types the scanner asks for. */
import { InvalidArgumentError } from 'commander';
import * as z from 'zod';
import type { ScannerName } from '#shared/scanner/definition.ts';
import { SCANNERS } from '#shared/scanner/index.ts';
import { parseJson } from './exchange.ts';

export interface ScannerChoice {
  readonly name: ScannerName;
  readonly options: Readonly<Record<string, unknown>>;
}

const names = [...SCANNERS.keys()];

/** Begins a scanner; the options after it are its own. */
export function addScanner(text: string, before: readonly ScannerChoice[] = []): ScannerChoice[] {
  const name = names.find((known) => known === text);
  if (name === undefined) throw new InvalidArgumentError(`Allowed: ${names.join(', ')}.`);
  return [...before, { name, options: {} }];
}

/** Sets one option of the last scanner. Whether the value is allowed is the service's to say; here it only gets its type. */
export function addOption(text: string, before: readonly ScannerChoice[]): ScannerChoice[] {
  const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError('Allowed: key=value.');
  return withOptions(before, ({ name }) => ({ [key]: typed(value, optionType(name, key)) }));
}

/** Sets options of the last scanner from a JSON object. */
export function addOptions(json: string, before: readonly ScannerChoice[]): ScannerChoice[] {
  const parsed = z.record(z.string(), z.unknown()).safeParse(parseJson(json));
  if (!parsed.success) throw new InvalidArgumentError('Allowed: a JSON object, as in {"ports":"1-1024"}.');
  return withOptions(before, () => parsed.data);
}

function withOptions(
  before: readonly ScannerChoice[],
  more: (scanner: ScannerChoice) => Readonly<Record<string, unknown>>,
): ScannerChoice[] {
  const last = before.at(-1);
  if (!last) throw new InvalidArgumentError('It belongs to the --scanner before it, and there is none.');
  return [...before.slice(0, -1), { ...last, options: { ...last.options, ...more(last) } }];
}

type JsonSchema = z.core.JSONSchema._JSONSchema;

function optionType(name: ScannerName, key: string): JsonSchema {
  const definition = SCANNERS.get(name);
  const { properties = {} } = definition ? z.toJSONSchema(definition.options, { io: 'input' }) : {};
  const schema = Object.hasOwn(properties, key) ? properties[key] : undefined;
  if (schema === undefined)
    throw new InvalidArgumentError(
      `${name} has no option ${JSON.stringify(key)}. Allowed: ${Object.keys(properties).join(', ')}.`,
    );
  return schema;
}

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  boolean(text) {
    if (text !== 'true' && text !== 'false') throw new InvalidArgumentError('Allowed: true or false.');
    return text === 'true';
  },
  integer: readNumber,
  number: readNumber,
};

function readNumber(text: string): number {
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('Allowed: a number.');
  return Number(text);
}

/** `text` as `schema` wants it; a list is written with commas. */
function typed(text: string, schema: JsonSchema): unknown {
  const { type = 'string', items = true } = typeof schema === 'boolean' ? {} : schema;
  if (type !== 'array') return READERS[String(type)]?.(text) ?? text;
  const item = (Array.isArray(items) ? items[0] : items) ?? true;
  return text === '' ? [] : text.split(',').map((part) => typed(part, item));
}
