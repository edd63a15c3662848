/** What stands before the document element: the XML declaration and the document type. */
import { XmlError } from './characters.ts';

const XML_DECLARATION =
  /^<\?xml\s+version\s*=\s*(["'])1\.\d+\1(?:\s+encoding\s*=\s*(["'])(?<encoding>[A-Za-z][\w.-]*)\2)?(?:\s+standalone\s*=\s*(["'])(?:yes|no)\4)?\s*\?>$/;
/** By lower-case name: whether bytes above 127 are UTF-8. */
const ENCODINGS = new Map([
  ['utf-8', true],
  ['us-ascii', true],
  ['ascii', true],
  ['iso-8859-1', false],
  ['latin1', false],
]);

/** Whether the document is UTF-8, or else Latin-1. Throws XmlError for any other encoding. */
export function declaresUtf8(declaration: string): boolean {
  const match = XML_DECLARATION.exec(declaration);
  if (match === null) throw new XmlError('an XML declaration that cannot be read');
  const encoding = match.groups?.encoding ?? 'UTF-8';
  const utf8 = ENCODINGS.get(encoding.toLowerCase());
  if (utf8 === undefined) throw new XmlError(`the encoding ${encoding}, which is not supported`);
  return utf8;
}

const DOCUMENT_TYPE = /^<!DOCTYPE\s+[\w:.-]+(?:\s+PUBLIC\s+"([^"]*)"\s+"[^"]*")?\s*>$/;

/** It may name the document element, and a public identifier that is known: as a name, nobody looks it up. Throws XmlError. */
export function checkDocumentType(documentType: string, knownDtd: RegExp): void {
  const match = DOCUMENT_TYPE.exec(documentType);
  if (match === null || (match[1] !== undefined && !knownDtd.test(match[1])))
    throw new XmlError('a document type with a DTD, which is refused');
}
