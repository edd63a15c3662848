/**
 * The lines gobuster writes: results of its modes, and in what was kept of its stdout also the frame around them. Versions 3.0 to 3.8 differ
 * in padding and in whether a path begins with a slash.
 */

export interface PathResult {
  readonly kind: 'path';
  /** As tried, or the whole URL (`--expanded`). */
  readonly path: string;
  readonly status: number;
  readonly bytes?: number;
  /** Where a redirect leads; it is not followed. */
  readonly redirect?: string;
}
export interface HostResult {
  readonly kind: 'host';
  readonly name: string;
  readonly status: number;
  readonly bytes?: number;
}
export interface NameResult {
  readonly kind: 'name';
  readonly name: string;
  readonly addresses: readonly string[];
}
export type Result = PathResult | HostResult | NameResult;

const VHOST = /^Found: (\S+)\s+\(?Status: (\d{3})\)?(?:\s+\[Size: (\d+)\])?(?:\s+\[--> \S*\])?$/;
const PATH = /^(\S.*?)\s+\(Status: (\d{3})\)(?:\s+\[Size: (\d+)\])?(?:\s+\[--> (.*)\])?$/;
const NAME = /^Found: ([^\s[\]]+)\s*(?:\[([0-9a-fA-F.:, ]*)\])?$/;
const FRAME =
  /^(?:={5,}|Gobuster v\d.*|by OJ Reeves.*|\[[+-]\] .*|\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d .*|Starting gobuster .*|Finished|Progress: .*)$/;
/** Escape sequences (ECMA-48), as stdout has them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be found
const ESCAPES = /\x1b\[[0-9;]*[A-Za-z]/g;

/** `frame` for a line that says nothing of its own; undefined for one that is not gobuster's. */
export function readLine(line: string): Result | 'frame' | undefined {
  const text = line.replace(ESCAPES, '').trim();
  if (text === '') return 'frame';
  const host = VHOST.exec(text);
  if (host) return { kind: 'host', name: host[1] ?? '', status: Number(host[2]), ...bytesOf(host[3]) };
  const path = PATH.exec(text);
  if (path) return pathResult(path);
  const name = NAME.exec(text);
  if (name) return { kind: 'name', name: name[1] ?? '', addresses: name[2]?.split(/[, ]+/).filter(Boolean) ?? [] };
  return FRAME.test(text) ? 'frame' : undefined;
}

const pathResult = ([, path = '', status, bytes, redirect]: RegExpExecArray): PathResult => ({
  kind: 'path',
  path,
  status: Number(status),
  ...bytesOf(bytes),
  ...(redirect === undefined ? {} : { redirect }),
});

const bytesOf = (digits: string | undefined): { bytes?: number } =>
  digits === undefined ? {} : { bytes: Number(digits) };
