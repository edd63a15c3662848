/**
 * A name server on loopback that answers as its zone says (RFC 1035, 4), and counts what it was asked. A name may be bound anew with each
 * question: the last of its answers stays.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parseAddress } from '#shared/target/address.ts';

export interface Answer {
  /** IPv4 and IPv6 addresses as they come: each goes to who asked for its kind. */
  readonly addresses?: readonly string[];
  /** Names that lead one to the next, before the addresses. */
  readonly through?: readonly string[];
  readonly fails?: 'SERVFAIL' | 'NXDOMAIN' | 'REFUSED' | 'silence';
  /** The one kind of question that fails; both when absent. */
  readonly failing?: 'A' | 'AAAA';
}

export interface DnsServer extends AsyncDisposable {
  /** As `dns.setServers` takes it. */
  readonly address: string;
  /** Every question, as in `A www.example.com`. */
  readonly asked: readonly string[];
}

const TYPES = new Map([
  [1, 'A'],
  [5, 'CNAME'],
  [28, 'AAAA'],
] as const);
const CODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
/** Response, recursion desired and available. */
const FLAGS = 0x8180;
const HEADER_BYTES = 12;
const TTL_SECONDS = 0;

export async function startDnsServer(zone: Readonly<Record<string, readonly Answer[]>>): Promise<DnsServer> {
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const question = questionOf(query);
    const text = `${question.type} ${question.name}`;
    const before = asked.filter((other) => other === text).length;
    asked.push(text);
    const answers = zone[question.name] ?? [{ fails: 'NXDOMAIN' }];
    const answer = answers[Math.min(before, answers.length - 1)] ?? {};
    if (faultIn(answer, question) !== 'silence') socket.send(responseTo(query, question, answer), port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return { address: `127.0.0.1:${portOf(socket)}`, asked, [Symbol.asyncDispose]: async () => void socket.close() };
}

const portOf = (socket: Socket): number => (socket.address() as AddressInfo).port;

interface Question {
  readonly name: string;
  readonly type: string;
  /** Where it ends in the query. */
  readonly end: number;
}

function questionOf(query: Buffer): Question {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const type = TYPES.get(query.readUInt16BE(at + 1) as 1) ?? 'other';
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 };
}

const faultIn = ({ fails, failing }: Answer, { type }: Question): Answer['fails'] =>
  failing === undefined || failing === type ? fails : undefined;

function responseTo(query: Buffer, question: Question, answer: Answer): Buffer {
  const { name, type, end } = question;
  const { addresses = [], through = [] } = answer;
  const fault = faultIn(answer, question);
  const code = fault === undefined || fault === 'silence' ? 0 : CODES[fault];
  const wanted = code === 0 ? addresses.map(bytesOf).filter(({ kind }) => kind === type) : [];
  const owners = [name, ...through];
  const records = [
    ...through.map((next, n) => record(owners[n] ?? name, 5, encoded(next))),
    ...wanted.map(({ bytes }) => record(owners.at(-1) ?? name, type === 'A' ? 1 : 28, bytes)),
  ];
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(FLAGS | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  return Buffer.concat([header, query.subarray(HEADER_BYTES, end), ...records]);
}

function record(owner: string, type: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(TTL_SECONDS, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([encoded(owner), fixed, data]);
}

const encoded = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ]);

function bytesOf(text: string): { readonly kind: 'A' | 'AAAA'; readonly bytes: Buffer } {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`${text} is not an address`);
  const digits = address.version === 4 ? 8 : 32;
  const bytes = Buffer.from(address.value.toString(16).padStart(digits, '0'), 'hex');
  return { kind: address.version === 4 ? 'A' : 'AAAA', bytes };
}
