/** robots.txt, read as RFC 9309 says. */

/** What we are called in it. */
export const PRODUCT_TOKEN = 'scanfleet';
/** More of a file is not read (section 2.5). */
export const MAX_ROBOTS_CHARS = 500 * 1024;

/** Whether a path, with its query, may be asked for. */
export type Robots = (path: string) => boolean;

export const ALL_ALLOWED: Robots = () => true;
/** For a file that there may be and cannot be had (section 2.3.1.4). */
export const NONE_ALLOWED: Robots = () => false;

interface Rule {
  readonly allow: boolean;
  readonly pattern: string;
}
interface Group {
  readonly agents: string[];
  readonly rules: Rule[];
}

export function parseRobots(file: string): Robots {
  const groups = groupsIn(file);
  const named = groups.filter(({ agents }) => agents.includes(PRODUCT_TOKEN));
  const chosen = named.length > 0 ? named : groups.filter(({ agents }) => agents.includes('*'));
  const rules = chosen.flatMap((group) => group.rules);
  return (path) => {
    const asked = canonical(path);
    if (asked === '/robots.txt') return true;
    // The longest pattern decides; of two alike the one that allows (section 2.2.2).
    const fitting = rules.filter(({ pattern }) => fits(pattern, asked));
    const longest = Math.max(0, ...fitting.map(({ pattern }) => pattern.length));
    const deciding = fitting.filter(({ pattern }) => pattern.length === longest);
    return deciding.length === 0 || deciding.some(({ allow }) => allow);
  };
}

const LINE = /^\s*([A-Za-z-]+)\s*:\s*([^#]*)/;

/** A group begins with one or more lines that name agents, and goes on until the next such line behind a rule. Other lines are no rules. */
function groupsIn(file: string): readonly Group[] {
  const groups: Group[] = [];
  const lines = file
    .slice(0, MAX_ROBOTS_CHARS)
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/);
  for (const line of lines) {
    const [, key = '', text = ''] = LINE.exec(line) ?? [];
    const value = text.trim();
    if (/^user-agent$/i.test(key)) openGroup(groups).agents.push(agentOf(value));
    else if (/^(?:dis)?allow$/i.test(key))
      groups.at(-1)?.rules.push({ allow: /^a/i.test(key) || value === '', pattern: canonical(value) });
  }
  return groups;
}

/** The last group, as long as it has no rules; else a new one. */
function openGroup(groups: Group[]): Group {
  const last = groups.at(-1);
  if (last !== undefined && last.rules.length === 0) return last;
  const group: Group = { agents: [], rules: [] };
  groups.push(group);
  return group;
}

/** Of `Name/1.0` the name counts, in any case (section 2.2.1). */
const agentOf = (value: string): string => (/^[A-Za-z_-]+|^\*/.exec(value)?.[0] ?? '').toLowerCase();

const UNRESERVED = /[A-Za-z0-9._~-]/;

/** One spelling for each path: percent-encoded as RFC 3986 has it, and nothing encoded that need not be. */
const canonical = (path: string): string =>
  path
    .toWellFormed()
    .replace(/[^\x20-\x7e]+/g, encodeURIComponent)
    .replace(/%[0-9a-f]{2}/gi, (code) => {
      const character = String.fromCharCode(Number.parseInt(code.slice(1), 16));
      return UNRESERVED.test(character) ? character : code.toUpperCase();
    });

/** Whether a path begins with `pattern`, in which `*` stands for anything and a `$` at its end for the path's. In linear time. */
function fits(pattern: string, path: string): boolean {
  const toEnd = pattern.endsWith('$');
  const [first = '', ...parts] = (toEnd ? pattern.slice(0, -1) : pattern).split('*');
  if (!path.startsWith(first)) return false;
  const last = toEnd ? parts.pop() : undefined;
  let at = first.length;
  for (const part of parts) {
    const found = path.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  if (!toEnd) return true;
  return last === undefined ? at === path.length : path.length - last.length >= at && path.endsWith(last);
}
