/** What an operation of S3 answers. */
import { validateHeaderValue } from 'node:http';
import type { Readable } from 'node:stream';
import { S3Fault } from './fault.ts';
import { type XmlObject, xmlDocument } from './xml.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
}

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

export const xmlReply = (root: string, content: XmlObject): Reply => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: xmlDocument(root, content, NAMESPACE),
});

export const emptyReply = (status: number, headers: Reply['headers'] = {}): Reply => ({ status, headers });

/** A header's value out of a request; throws S3Fault InvalidArgument when it cannot be sent in a header. */
export function headerValue(name: string, value: string): string {
  try {
    validateHeaderValue(name, value);
    return value;
  } catch (cause) {
    throw new S3Fault('InvalidArgument', `The value for ${name} cannot be sent in a header.`, { cause });
  }
}
