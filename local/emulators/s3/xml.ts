/** The XML that S3 speaks: written from plain values, read as lists of texts. */
import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';
import { S3Fault } from './fault.ts';

export type XmlValue = string | number | boolean | undefined | readonly XmlValue[] | XmlObject;
export interface XmlObject {
  readonly [element: string]: XmlValue;
}

/** A document with one element; a list becomes one element for each entry. */
export const xmlDocument = (root: string, content: XmlObject, namespace?: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root}${namespace ? ` xmlns="${namespace}"` : ''}>${children(content)}</${root}>`;

const children = (content: XmlObject): string =>
  Object.entries(content)
    .map(([name, value]) => element(name, value))
    .join('');

function element(name: string, value: XmlValue): string {
  if (value === undefined) return '';
  if (isList(value)) return value.map((one) => element(name, one)).join('');
  return `<${name}>${typeof value === 'object' ? children(value) : escapeText(String(value))}</${name}>`;
}

const isList = (value: XmlValue): value is readonly XmlValue[] => Array.isArray(value);

/** Controls, too, which would otherwise be changed (CR) or make the document unreadable. */
const escapeText = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be found
  text.replace(/[<>&"\0-\x1f\x7f]/g, (character) => `&#x${character.charCodeAt(0).toString(16)};`);

/** What stands under each `entry` element directly below `root`, by name. Throws S3Fault MalformedXML. */
export function readEntries(document: string, root: string, entry: string): Map<string, string>[] {
  const entries: Map<string, string>[] = [];
  const path: string[] = [];
  let text = '';
  const parser = new SaxesParser<{ xmlns: true }>({ xmlns: true });
  parser.on('error', (cause) => {
    throw new S3Fault('MalformedXML', undefined, { cause });
  });
  parser.on('opentag', ({ local }: SaxesTagNS & { attributes: Record<string, SaxesAttributeNS> }) => {
    path.push(local);
    text = '';
    if (path.length === 1 && local !== root) throw new S3Fault('MalformedXML');
    if (path.length === 2 && local === entry) entries.push(new Map());
  });
  parser.on('text', (piece) => {
    text += piece;
  });
  parser.on('closetag', ({ local }) => {
    if (path.length === 3 && path[1] === entry) entries.at(-1)?.set(local, text);
    path.pop();
  });
  parser.write(document).close();
  return entries;
}
