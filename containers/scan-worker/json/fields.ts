/** Fields of a JSON value that a scanner wrote: read one by one, each for what it is, so that nothing unexpected gets further. */

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Longer texts of a scanner are cut in findings; its raw output has them whole. */
const MAX_TEXT_CHARS = 8 * 1024;
const MAX_ITEMS = 200;

export const shorten = (text: string, maxChars = MAX_TEXT_CHARS): string =>
  text.length > maxChars ? text.slice(0, maxChars) : text;

/** The object under `key`; an empty one when there is none. */
export function objectAt(object: JsonObject, key: string): JsonObject {
  const value = object[key];
  return isObject(value) ? value : {};
}

/** The first of `keys` that holds a text; empty when none does. */
export function textAt(object: JsonObject, ...keys: readonly string[]): string {
  for (const key of keys) {
    const value = object[key];
    if (typeof value === 'string' && value !== '') return shorten(value);
  }
  return '';
}

/** The texts under the first of `keys` that holds any: a list, or one text, which `split` takes apart. */
export function textsAt(
  object: JsonObject,
  keys: readonly string[],
  split: (text: string) => readonly string[] = (text) => [text],
): string[] {
  for (const key of keys) {
    const value = object[key];
    const texts = typeof value === 'string' ? split(value) : Array.isArray(value) ? value : [];
    const found = texts.filter((text): text is string => typeof text === 'string' && text !== '');
    if (found.length > 0) return found.slice(0, MAX_ITEMS).map((text) => shorten(text));
  }
  return [];
}

/** A number, also one that was written as text; undefined for anything else. */
export function numberAt(object: JsonObject, key: string): number | undefined {
  const value = object[key];
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
