/** The attributes of one start tag: found in one pass, decoded only when asked for. */
import {
  BREAK,
  CLASSES,
  decodeValue,
  type Encoding,
  HIGH,
  nameEnd,
  REFERENCE,
  skipSpace,
  XmlError,
} from './characters.ts';

export const MAX_ATTRIBUTES = 256;
export const MAX_NAME_BYTES = 256;

export interface Attributes {
  /** The value of one attribute, decoded; undefined when the tag has none of that name. */
  get(name: string): string | undefined;
}

const GT = 0x3e;
const SLASH = 0x2f;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const APOSTROPHE = 0x27;

/** What makes a value something else than its bytes. */
const DECODED = HIGH | BREAK | REFERENCE;

/** A class for speed: one object is used again for every tag, and keeps positions instead of strings. */
export class TagReader implements Attributes {
  /** Whether the tag read last was an empty element. */
  selfClosing = false;
  /** After an incomplete tag: the quote without which it is no use to try again, or 0. */
  awaited = 0;
  /** Bits (see CLASSES) of all bytes in the values. */
  classes = 0;

  readonly #encoding: Encoding;
  #bytes: Uint8Array = new Uint8Array(1);
  #text = '';
  #length = 0;
  #count = 0;
  /** Where each attribute's name and value begin and end: four numbers each. */
  readonly #places = new Int32Array(MAX_ATTRIBUTES * 4);

  constructor(encoding: Encoding) {
    this.#encoding = encoding;
  }

  /** The tags to come lie in `bytes`, and in `text` as one character a byte. */
  start(bytes: Uint8Array, text: string): void {
    this.#bytes = bytes;
    this.#text = text;
    this.#length = text.length;
  }

  get(name: string): string | undefined {
    const places = this.#places;
    for (let i = 0; i < this.#count * 4; i += 4) {
      const start = places[i] as number;
      if ((places[i + 1] as number) - start !== name.length || !this.#text.startsWith(name, start)) continue;
      const value = this.#text.slice(places[i + 2], places[i + 3]);
      return (this.classes & DECODED) === 0 ? value : decodeValue(value, this.classes, this.#encoding);
    }
    return undefined;
  }

  /** Reads what follows a tag's name, from `from` to its `>`. The position after it, or -1 when the bytes end before. Throws XmlError. */
  read(from: number): number {
    this.#count = 0;
    this.awaited = 0;
    this.classes = 0;
    let at = from;
    while (at !== -1) {
      const next = skipSpace(this.#bytes, at);
      if (next >= this.#length) return -1;
      const code = this.#bytes[next] as number;
      if (code === GT || code === SLASH) return this.#endTag(next, code);
      if (next === at) throw new XmlError('no white space before an attribute', next);
      at = this.#readAttribute(next);
    }
    return -1;
  }

  #endTag(at: number, code: number): number {
    this.selfClosing = code === SLASH;
    if (code === GT) return at + 1;
    if (at + 1 >= this.#length) return -1;
    if (this.#bytes[at + 1] !== GT) throw new XmlError('a / that does not end its tag', at);
    return at + 2;
  }

  /** The position after the value, or -1. */
  #readAttribute(from: number): number {
    const bytes = this.#bytes;
    const nameTo = nameEnd(bytes, from);
    if (nameTo - from > MAX_NAME_BYTES) throw new XmlError(`an attribute name over ${MAX_NAME_BYTES} bytes`, from);
    if (nameTo === from) throw new XmlError('not an attribute name', from);
    const equals = skipSpace(bytes, nameTo);
    if (equals >= this.#length) return -1;
    if (bytes[equals] !== EQUALS) throw new XmlError('an attribute without a value', equals);
    const open = skipSpace(bytes, equals + 1);
    if (open >= this.#length) return -1;
    const quote = bytes[open] as number;
    if (quote !== QUOTE && quote !== APOSTROPHE) throw new XmlError('an attribute value without quotes', open);
    const close = this.#valueEnd(open + 1, quote);
    if (close === -1) return -1;
    this.#add(from, nameTo, open + 1, close);
    return close + 1;
  }

  #valueEnd(from: number, quote: number): number {
    const bytes = this.#bytes;
    const length = this.#length;
    let classes = this.classes;
    for (let at = from; at < length; at += 1) {
      const byte = bytes[at] as number;
      if (byte === quote) {
        this.classes = classes;
        return at;
      }
      classes |= CLASSES[byte] as number;
    }
    this.awaited = quote;
    return -1;
  }

  #add(nameFrom: number, nameTo: number, valueFrom: number, valueTo: number): void {
    if (this.#has(nameFrom, nameTo)) throw new XmlError('an attribute given twice', nameFrom);
    if (this.#count === MAX_ATTRIBUTES) throw new XmlError(`more than ${MAX_ATTRIBUTES} attributes`, nameFrom);
    const i = this.#count * 4;
    this.#places[i] = nameFrom;
    this.#places[i + 1] = nameTo;
    this.#places[i + 2] = valueFrom;
    this.#places[i + 3] = valueTo;
    this.#count += 1;
  }

  /** Whether an attribute has the name that stands at [from, to). */
  #has(from: number, to: number): boolean {
    const bytes = this.#bytes;
    const length = to - from;
    for (let i = 0; i < this.#count * 4; i += 4) {
      const start = this.#places[i] as number;
      if ((this.#places[i + 1] as number) - start !== length) continue;
      let same = 0;
      while (same < length && bytes[start + same] === bytes[from + same]) same += 1;
      if (same === length) return true;
    }
    return false;
  }
}
