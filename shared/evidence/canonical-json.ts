/**
 * One spelling of a value, so that its hash and its signature are the value's own: RFC 8785, "JSON Canonicalization Scheme". No white
 * space, names in order of their UTF-16 code units, numbers and strings as JSON.stringify writes them (sections 3.2.2 and 3.2.3).
 */

/** Fields that are undefined are left out, as JSON does. Throws TypeError for what JSON cannot say: no number, no text may pass for another. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) return objectJson(value);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${value} is not JSON`);
  if (typeof value === 'string' && !value.isWellFormed())
    throw new TypeError('a text with half a character is not JSON');
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`${typeof value} is not JSON`);
  return text;
}

function objectJson(value: object): string {
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  // The default order of sort is that of UTF-16 code units.
  const names = fields.map(([name]) => name).sort();
  const byName = new Map<string, unknown>(fields);
  return `{${names.map((name) => `${canonicalJson(name)}:${canonicalJson(byName.get(name))}`).join(',')}}`;
}
