/**
 * A push tokenizer for the XML that scanners write: narrow, fast, and safe with hostile input. It reads well-formed documents of
 * elements, attributes and text, and refuses what a scanner has no use for: a DTD (internal or external), entities but the five
 * predefined ones, encodings but UTF-8, ASCII and Latin-1, names outside of ASCII. Whatever is wrong ends the reading as a value,
 * `XmlFault`; what came before has been delivered.
 *
 * A token (tag, text, comment) is read when it is there as a whole; until then its beginning is kept, up to `MAX_TOKEN_BYTES`. Its bytes
 * are looked at once, as bytes; only values that somebody asks for become strings and are decoded, so that a character may be cut by a
 * chunk's border. The rules are those of XML 1.0, https://www.w3.org/TR/xml/, but that, as the files that exist need it, an XML
 * declaration may follow a comment and bytes that are no UTF-8 read as U+FFFD.
 */
import { type Attributes, MAX_NAME_BYTES, TagReader } from './attributes.ts';
import {
  CLASSES,
  checkReferences,
  decodeCharacters,
  decodeText,
  type Encoding,
  FORBIDDEN,
  MARKUP,
  nameEnd,
  REFERENCE,
  skipSpace,
  XmlError,
} from './characters.ts';
import { checkDocumentType, declaresUtf8 } from './prolog.ts';

export { type Attributes, XmlError };

/** More than any tag or text a scanner writes: nmap's longest are script outputs, some hundred KB. */
export const MAX_TOKEN_BYTES = 8 * 1024 * 1024;
export const MAX_DEPTH = 128;

/** Larger pieces of input are cut to this, which bounds what the strings made of them take. */
const PIECE_BYTES = 128 * 1024;

export interface XmlFault {
  readonly reason: string;
  /** Where reading failed; for a document that was cut, its length. */
  readonly byteOffset: number;
}

/** Called in document order. May throw XmlError to refuse the document. `attributes` may be read during the call only. */
export interface XmlHandler {
  open(name: string, attributes: Attributes): void;
  close(name: string): void;
  /** Text directly inside an element for which `wantsText` holds: one call for each run between two pieces of markup. */
  text(text: string): void;
  wantsText(name: string): boolean;
}

/** Strings of up to 12 characters are copied by V8; longer ones would keep the whole text alive that they were cut from. */
const MAX_KEPT_NAME_BYTES = 12;
const KEPT_NAMES = 256;

const LT = 0x3c;
const GT = 0x3e;
const SLASH = 0x2f;
const BANG = 0x21;
const QUESTION = 0x3f;

/** A class for speed: this is the hot path of every parse. */
export class XmlTokenizer {
  readonly #handler: XmlHandler;
  readonly #knownDtd: RegExp;
  readonly #encoding: Encoding = { utf8: true };
  readonly #tag = new TagReader(this.#encoding);
  /** Names of the open elements. */
  readonly #open: string[] = [];
  readonly #names = new Array<string | undefined>(KEPT_NAMES);
  #rootSeen = false;
  #fault: XmlFault | undefined;

  /** What is not read yet is at [at, length); after it a NUL. `start` is where in the document `bytes` begins. */
  #bytes = new Uint8Array(2 * PIECE_BYTES);
  #at = 0;
  #length = 0;
  #start = 0;
  /** The same, one character a byte, as far as it was tried to read. */
  #text = '';
  /** A byte without which the token begun cannot be complete; 0 when any byte may do. */
  #awaited = 0;

  /** `knownDtd`: the public identifiers of DTDs a document may name. */
  constructor(handler: XmlHandler, knownDtd: RegExp = NONE) {
    this.#handler = handler;
    this.#knownDtd = knownDtd;
  }

  /** Does nothing any more once there is a fault. */
  write(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length && this.#fault === undefined; from += PIECE_BYTES) {
      const piece = chunk.subarray(from, from + PIECE_BYTES);
      this.#append(piece);
      if (this.#awaited !== 0 && !piece.includes(this.#awaited)) this.#guard(() => this.#checkLength(this.#length));
      else this.#guard(() => this.#scan());
    }
  }

  /** Ends the document; the fault, if there is one. */
  end(): XmlFault | undefined {
    if (this.#fault !== undefined) return this.#fault;
    const byteOffset = this.#start + this.#length;
    const name = this.#open.at(-1);
    if (byteOffset === 0) this.#fault = { reason: 'the document is empty', byteOffset };
    else if (name !== undefined) this.#fault = { reason: `cut off inside <${name}>`, byteOffset };
    else if (!this.#rootSeen) this.#fault = { reason: 'cut off before the first element', byteOffset };
    else if (this.#at < this.#length) this.#fault = { reason: 'cut off after the last element', byteOffset };
    return this.#fault;
  }

  /** Offset of the token being read. */
  get offset(): number {
    return this.#start + this.#at;
  }

  #guard(read: () => void): void {
    try {
      read();
    } catch (error) {
      if (!(error instanceof XmlError)) throw error;
      this.#fault = { reason: error.message, byteOffset: this.#start + (error.at ?? this.#at) };
    }
  }

  /** Moves what is not read yet to the front, and `piece` behind it. */
  #append(piece: Uint8Array): void {
    const rest = this.#length - this.#at;
    const needed = rest + piece.length + 1;
    const bytes = needed > this.#bytes.length ? new Uint8Array(needed * 2) : this.#bytes;
    bytes.set(this.#bytes.subarray(this.#at, this.#length));
    bytes.set(piece, rest);
    bytes[needed - 1] = 0;
    this.#bytes = bytes;
    this.#start += this.#at;
    this.#at = 0;
    this.#length = needed - 1;
  }

  /** Reads token by token until the bytes are used up or end inside one. */
  #scan(): void {
    this.#text = Buffer.from(this.#bytes.buffer, 0, this.#length).toString('latin1');
    this.#tag.start(this.#bytes, this.#text);
    this.#awaited = 0;
    if (this.#start === 0 && !this.#skipByteOrderMark()) return;
    while (this.#at < this.#length) {
      const end = this.#bytes[this.#at] === LT ? this.#markup(this.#at) : this.#characters(this.#at);
      if (end === -1) {
        this.#checkLength(this.#length);
        return;
      }
      this.#at = end;
    }
  }

  /** False while there is too little to tell. */
  #skipByteOrderMark(): boolean {
    if (UTF16_BOMS.some((mark) => this.#text.startsWith(mark)))
      throw new XmlError('the encoding UTF-16, which is not supported');
    if (this.#text.startsWith(UTF8_BOM)) this.#at = UTF8_BOM.length;
    return this.#at > 0 || ![UTF8_BOM, ...UTF16_BOMS].some((mark) => mark.startsWith(this.#text));
  }

  /** Reads the markup at `lt`: the position after it, or -1 when it is not there as a whole. */
  #markup(lt: number): number {
    switch (this.#bytes[lt + 1]) {
      case SLASH:
        return this.#endTag(lt);
      case BANG:
        return this.#declaration(lt);
      case QUESTION:
        return this.#instruction(lt);
      default:
        return this.#startTag(lt);
    }
  }

  #startTag(lt: number): number {
    const nameTo = nameEnd(this.#bytes, lt + 1);
    if (nameTo - lt > MAX_NAME_BYTES) throw new XmlError(`an element name over ${MAX_NAME_BYTES} bytes`);
    if (nameTo >= this.#length) return -1;
    if (nameTo === lt + 1) throw new XmlError('a < that begins no markup');
    const tag = this.#tag;
    const end = tag.read(nameTo);
    if (end === -1) {
      this.#awaited = tag.awaited;
      return -1;
    }
    this.#checkContent(tag.classes, end);
    if ((tag.classes & MARKUP) !== 0) throw new XmlError('a < inside a tag');
    if (this.#open.length === 0 && this.#rootSeen) throw new XmlError('a second document element');
    if (this.#open.length === MAX_DEPTH) throw new XmlError(`elements nested deeper than ${MAX_DEPTH}`);
    this.#rootSeen = true;
    const name = this.#nameAt(lt + 1, nameTo);
    if (!tag.selfClosing) this.#open.push(name);
    this.#handler.open(name, tag);
    if (tag.selfClosing) this.#handler.close(name);
    return end;
  }

  /** The same names come again and again: a string made once is found faster in its reader's tables, too. */
  #nameAt(from: number, to: number): string {
    const length = to - from;
    if (length > MAX_KEPT_NAME_BYTES) return this.#text.slice(from, to);
    const slot = ((this.#bytes[from] as number) * 5 + (this.#bytes[to - 1] as number) * 3 + length) % KEPT_NAMES;
    const kept = this.#names[slot];
    if (kept !== undefined && kept.length === length && this.#text.startsWith(kept, from)) return kept;
    const name = this.#text.slice(from, to);
    this.#names[slot] = name;
    return name;
  }

  #endTag(lt: number): number {
    const nameTo = nameEnd(this.#bytes, lt + 2);
    const gt = skipSpace(this.#bytes, nameTo);
    if (gt >= this.#length) return -1;
    const name = this.#open.at(-1);
    if (name === undefined) throw new XmlError('an end tag without its start tag');
    if (nameTo - lt - 2 !== name.length || !this.#text.startsWith(name, lt + 2) || this.#bytes[gt] !== GT)
      throw new XmlError(`an end tag where </${name}> must stand`);
    this.#checkLength(gt);
    this.#open.pop();
    this.#handler.close(name);
    return gt + 1;
  }

  /** A comment, a CDATA section or a document type. */
  #declaration(lt: number): number {
    const text = this.#text;
    if (text.startsWith('<!--', lt)) return this.#comment(lt);
    if (text.startsWith('<![CDATA[', lt)) return this.#section(lt);
    if (text.startsWith('<!DOCTYPE', lt)) return this.#documentType(lt);
    const begun = text.slice(lt, lt + '<!DOCTYPE'.length);
    if (lt + begun.length < text.length || !DECLARATIONS.some((known) => known.startsWith(begun)))
      throw new XmlError('a declaration that is not known');
    return -1;
  }

  #comment(lt: number): number {
    const dashes = this.#find('--', lt + 4);
    if (dashes === -1 || dashes + 2 >= this.#length) return -1;
    if (this.#bytes[dashes + 2] !== GT) throw new XmlError('-- inside a comment', dashes);
    this.#checkContent(this.#classes(lt, dashes) & FORBIDDEN, dashes);
    return dashes + 3;
  }

  #section(lt: number): number {
    const from = lt + '<![CDATA['.length;
    const end = this.#find(']]>', from);
    if (end === -1) return -1;
    const name = this.#open.at(-1);
    if (name === undefined) throw new XmlError('text outside of the document element');
    const classes = this.#classes(from, end);
    this.#checkContent(classes & FORBIDDEN, end);
    if (this.#handler.wantsText(name))
      this.#handler.text(decodeCharacters(this.#text.slice(from, end), classes, this.#encoding));
    return end + 3;
  }

  /** A DTD is refused. */
  #documentType(lt: number): number {
    const gt = this.#find('>', lt);
    if (gt === -1) return -1;
    if (this.#rootSeen) throw new XmlError('a document type after the first element');
    checkDocumentType(this.#text.slice(lt, gt + 1), this.#knownDtd);
    this.#checkLength(gt);
    return gt + 1;
  }

  /** A processing instruction means nothing to us; the XML declaration names the encoding. */
  #instruction(lt: number): number {
    const end = this.#find('?>', lt + 2);
    if (end === -1) return -1;
    const nameTo = nameEnd(this.#bytes, lt + 2);
    if (nameTo === lt + 2 || (nameTo < end && skipSpace(this.#bytes, nameTo) === nameTo))
      throw new XmlError('a processing instruction without a name');
    this.#checkContent(this.#classes(lt, end) & FORBIDDEN, end);
    if (this.#text.slice(lt + 2, nameTo).toLowerCase() === 'xml') this.#xmlDeclaration(this.#text.slice(lt, end + 2));
    return end + 2;
  }

  #xmlDeclaration(declaration: string): void {
    if (this.#rootSeen) throw new XmlError('an XML declaration after the first element');
    this.#encoding.utf8 = declaresUtf8(declaration);
  }

  /** Reads text up to the next markup; outside of the document element, where it is white space, to the end of what is there. */
  #characters(from: number): number {
    const name = this.#open.at(-1);
    if (name === undefined) {
      const end = skipSpace(this.#bytes, from);
      if (end < this.#length && this.#bytes[end] !== LT)
        throw new XmlError('text outside of the document element', end);
      return end;
    }
    const end = this.#bytes[from + 1] === LT ? from + 1 : this.#text.indexOf('<', from);
    if (end === -1) {
      this.#awaited = LT;
      return -1;
    }
    const classes = this.#classes(from, end);
    this.#checkContent(classes, end);
    const text = this.#text.slice(from, end);
    if (text.includes(']]>')) throw new XmlError(']]> outside of a CDATA section');
    if (this.#handler.wantsText(name)) this.#handler.text(decodeText(text, classes, this.#encoding));
    return end;
  }

  /** Bits (see CLASSES) of the bytes in [from, to). */
  #classes(from: number, to: number): number {
    const bytes = this.#bytes;
    let classes = 0;
    for (let at = from; at < to; at += 1) classes |= CLASSES[bytes[at] as number] as number;
    return classes;
  }

  /** Where `mark` is; -1 when the bytes end before, and then it is no use to try again without its last one. */
  #find(mark: string, from: number): number {
    const at = this.#text.indexOf(mark, from);
    if (at === -1) this.#awaited = mark.charCodeAt(mark.length - 1);
    return at;
  }

  /** Checks a token that ends at `end` and holds bytes of `classes`. */
  #checkContent(classes: number, end: number): void {
    this.#checkLength(end);
    if ((classes & FORBIDDEN) !== 0) throw new XmlError('a control character');
    if ((classes & REFERENCE) !== 0) checkReferences(this.#text, this.#at, end);
  }

  #checkLength(end: number): void {
    if (end - this.#at > MAX_TOKEN_BYTES) throw new XmlError(`a tag or text over ${MAX_TOKEN_BYTES} bytes`);
  }
}

const UTF16_BOMS = ['\xfe\xff', '\xff\xfe'];
const UTF8_BOM = '\xef\xbb\xbf';
const DECLARATIONS = ['<!--', '<![CDATA[', '<!DOCTYPE'];
const NONE = /^(?!)/;
