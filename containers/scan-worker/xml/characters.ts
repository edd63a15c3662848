/** Characters and references of XML 1.0 (https://www.w3.org/TR/xml/), over bytes of an encoding that agrees with ASCII. */

/** Refuses a document; `at` is a position in the bytes at hand, that of the token being read when absent. */
export class XmlError extends Error {
  override readonly name = 'XmlError';
  readonly at: number | undefined;
  constructor(message: string, at?: number) {
    super(message);
    this.at = at;
  }
}

export const SPACE = 1;
export const NAME = 2;
export const NAME_START = 4;
/** `&` */
export const REFERENCE = 8;
/** White space that is not kept as it stands: tab, line feed, carriage return. */
export const BREAK = 16;
/** Part of a character of several bytes, or of Latin-1. */
export const HIGH = 32;
/** `<` */
export const MARKUP = 64;
/** What no document may hold: the other control characters. */
export const FORBIDDEN = 128;

/** The bits above, for each byte. */
export const CLASSES = new Uint8Array(256).map((_, byte) => {
  const character = String.fromCharCode(byte);
  if (character === ' ') return SPACE;
  if (character === '\t' || character === '\n' || character === '\r') return SPACE | BREAK;
  if (byte < 0x20) return FORBIDDEN;
  if (byte > 0x7f) return HIGH;
  if (character === '&') return REFERENCE;
  if (character === '<') return MARKUP;
  if (/[A-Za-z_:]/.test(character)) return NAME | NAME_START;
  return /[-.0-9]/.test(character) ? NAME : 0;
});

/** Bits of the byte at `at`. The bytes at hand end with a NUL more than they hold, so that one may look one too far. */
const classAt = (bytes: Uint8Array, at: number): number => CLASSES[bytes[at] as number] as number;

/** The first position from `from` on that is no white space. */
export function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while ((classAt(bytes, at) & SPACE) !== 0) at += 1;
  return at;
}

/** The end of the name that begins at `from`; `from` itself when none does. */
export function nameEnd(bytes: Uint8Array, from: number): number {
  if ((classAt(bytes, from) & NAME_START) === 0) return from;
  let at = from + 1;
  while ((classAt(bytes, at) & NAME) !== 0) at += 1;
  return at;
}

const PREDEFINED = new Map([
  ['lt', '<'],
  ['gt', '>'],
  ['amp', '&'],
  ['apos', "'"],
  ['quot', '"'],
]);
const REFERENCES = /&([^;&]{0,16});/g;
const NUMBER = /^#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,8}))$/;

/** What a reference stands for; undefined when it is none that we accept. */
function characterOf(reference: string): string | undefined {
  const predefined = PREDEFINED.get(reference);
  if (predefined !== undefined) return predefined;
  const [, hex, decimal] = NUMBER.exec(reference) ?? [];
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return isCharacter(code) ? String.fromCodePoint(code) : undefined;
}

/** Production 2, Char, and the controls that XML 1.1 allows as references: as data they harm nobody. Not NUL, not a surrogate. */
const isCharacter = (code: number): boolean =>
  (code >= 1 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);

/** Throws XmlError at the first `&` of text[from, to) that begins no predefined or numeric reference. */
export function checkReferences(text: string, from: number, to: number): void {
  for (let at = text.indexOf('&', from); at !== -1 && at < to; at = text.indexOf('&', at + 1)) {
    const reference = text.slice(at + 1, Math.min(to, at + 18));
    const length = reference.indexOf(';');
    if (length === -1 || characterOf(reference.slice(0, length)) === undefined)
      throw new XmlError('an entity that is not predefined, or a bare &', at);
  }
}

export interface Encoding {
  /** Whether bytes above 127 are UTF-8; else they are Latin-1. */
  utf8: boolean;
}

/** Characters without references, as in a CDATA section: decoded, line ends as line feeds. `bytes` holds one byte a character. */
export function decodeCharacters(bytes: string, classes: number, { utf8 }: Encoding): string {
  const text = utf8 && (classes & HIGH) !== 0 ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
  return (classes & BREAK) !== 0 ? text.replace(/\r\n?/g, '\n') : text;
}

/** Character data as it is meant: decoded, line ends as line feeds, references replaced. `classes` has all bits of its bytes. */
export function decodeText(bytes: string, classes: number, encoding: Encoding): string {
  return expand(decodeCharacters(bytes, classes, encoding), classes);
}

/** An attribute's value as it is meant: decoded, each white space a space, references replaced. */
export function decodeValue(bytes: string, classes: number, encoding: Encoding): string {
  const text = decodeCharacters(bytes, classes, encoding);
  return expand((classes & BREAK) !== 0 ? text.replace(/[\t\n]/g, ' ') : text, classes);
}

const expand = (text: string, classes: number): string =>
  (classes & REFERENCE) !== 0 ? text.replace(REFERENCES, (whole, name: string) => characterOf(name) ?? whole) : text;
