/** What gobuster says on stderr: how far it is, in one line that it writes over, and a line for each request that failed. */

const FAILED = /^\[ERROR\] (?:\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )?(?:\[!\] )?(.*)$/;
const PROGRESS = /^Progress: (\d{1,9})/;
/** In mode dns: gobuster warns, and goes on. */
const UNRESOLVED = /Unable to validate base domain/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be found
const ESCAPES = /\x1b\[[0-9;]*[A-Za-z]/g;
const MAX_LINE_CHARS = 4 * 1024;
const MAX_REASON_CHARS = 200;

export function gobusterLog() {
  const decoder = new TextDecoder();
  const seen = { errors: 0, firstError: '', tried: -1, unresolved: false };
  let rest = '';
  const readLine = (line: string) => {
    const text = line.replace(ESCAPES, '').trim();
    const failed = FAILED.exec(text)?.[1];
    if (failed !== undefined) {
      seen.errors += 1;
      seen.firstError ||= failed.slice(0, MAX_REASON_CHARS);
    }
    seen.tried = Math.max(seen.tried, Number(PROGRESS.exec(text)?.[1] ?? -1));
    seen.unresolved ||= UNRESOLVED.test(text);
  };
  return {
    write(chunk: Uint8Array): void {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split(/[\r\n]/);
      rest = (lines.pop() ?? '').slice(0, MAX_LINE_CHARS);
      for (const line of lines) readLine(line);
    },
    /** Words tried so far; -1 where nothing was said of it. */
    tried: () => seen.tried,
    details() {
      readLine(rest);
      rest = '';
      const { errors, firstError, unresolved } = seen;
      return { errors, firstError, unresolved };
    },
  };
}
