/** Host names in canonical form: lower case, A-labels (RFC 5890), no trailing dot. */

/** RFC 1123 labels. Underscores are allowed: names with them resolve, answer and need scanning, whatever RFC 1123 says of them. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** RFC 1035, 2.3.4: 255 octets on the wire are 253 characters of text. */
const MAX_NAME_CHARACTERS = 253;

/** Every reader of WHATWG's URL standard takes a host whose last label is a number for an IPv4 address (https://url.spec.whatwg.org/#ends-in-a-number-checker). */
/** Digits of other scripts, and digits with marks, are numbers to a reader; no top-level domain is one (RFC 3696, 2). */
const ENDS_IN_NUMBER = /(?:^|\.)(?:\p{Nd}[\p{Nd}\p{M}]*|0x[0-9a-f]*)\.?$/iu;

export const looksLikeIpv4 = (name: string): boolean => ENDS_IN_NUMBER.test(name);

/** Scripts that may share a label: each alone, and those that Chinese, Japanese and Korean are written with, Latin among them (UTS 39, 5.2, "highly restrictive"). */
const ALONE = [
  ...['Latin', 'Greek', 'Cyrillic', 'Armenian', 'Georgian', 'Hebrew', 'Arabic', 'Thaana', 'Ethiopic', 'Devanagari'],
  ...['Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu', 'Kannada', 'Malayalam', 'Sinhala', 'Thai', 'Lao'],
  ...['Tibetan', 'Myanmar', 'Khmer'],
].map((script) => [script]);
const TOGETHER = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
];
/** Of which one has to take a label whole. Made when the first label comes that is not plain ASCII: their tables are large, and few functions see one. */
let oneWayOfWriting: readonly RegExp[] | undefined;
function isOneWayOfWriting(label: string): boolean {
  if (/^[a-z0-9_-]+$/.test(label)) return true;
  oneWayOfWriting ??= [...ALONE, ...TOGETHER].map(
    (scripts) => new RegExp(`^[0-9_\\-${scripts.map((script) => `\\p{Script_Extensions=${script}}`).join('')}]+$`, 'u'),
  );
  return oneWayOfWriting.some((scripts) => scripts.test(label));
}

/** Why a name cannot be used, for the message. */
export type NameFault = { readonly fault: string };

/**
 * The canonical form of `text`, which holds no invisible characters. Characters that only stand for others (full-width digits, circled
 * letters, ideographic full stops) are refused, because they make a name read as another one; so is a label of mixed scripts.
 */
export function canonicalName(text: string): string | NameFault {
  const written = text.normalize('NFC').toLowerCase();
  if (written !== written.normalize('NFKC'))
    return { fault: 'holds characters that stand for others, such as full-width letters' };
  const labels = written.replace(/\.$/, '').split('.');
  if (labels.some((label) => !/^[\p{L}\p{M}\p{Nd}_-]+$/u.test(label)))
    return { fault: 'has an empty label or characters that no host name has' };
  if (!labels.every(isOneWayOfWriting)) return { fault: 'mixes scripts in one label' };
  const name = asciiOf(labels.join('.'));
  if (name === undefined) return { fault: 'is not a valid international name' };
  if (name.length > MAX_NAME_CHARACTERS) return { fault: `is longer than ${MAX_NAME_CHARACTERS} characters` };
  if (!name.split('.').every((label) => LABEL.test(label)))
    return { fault: 'has a label that is longer than 63 characters, or begins or ends with a hyphen' };
  return name;
}

/** The URL parser does IDNA (UTS 46) as every browser does; a name already in ASCII must come back as it went in. */
function asciiOf(name: string): string | undefined {
  const url = `http://${name}/`;
  if (looksLikeIpv4(name) || !URL.canParse(url)) return undefined;
  const { hostname } = new URL(url);
  const isAscii = /^[\x21-\x7e]+$/.test(name);
  return (isAscii && hostname !== name) || looksLikeIpv4(hostname) ? undefined : hostname;
}
