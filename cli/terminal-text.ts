/** Text for terminals: made harmless, measured, cut to fit. Pure. */

/**
 * Control characters (ESC starts every terminal sequence), formatting ones (bidirectional overrides, zero widths, tags), lone
 * surrogates and the two separators: what could move the cursor, recolour, reorder or hide text. Findings quote banners and titles of
 * hosts that were scanned, and those are written by strangers.
 */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** `text` on one line, each unsafe character shown as an escape: `\x1b`, `\u202e`, `\u{e0041}`. */
export const printable = (text: string): string =>
  text.replace(UNSAFE, (char) => {
    const code = char.codePointAt(0) ?? 0;
    if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
  });

const UNSAFE_IN_JSON = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/**
 * A JSON text with the same meaning and nothing unsafe left raw: JSON.stringify escapes C0 alone. Such characters can occur within
 * strings only, where every UTF-16 unit may be written as `\uXXXX` (RFC 8259, section 7); tab, LF and CR also stand between tokens.
 */
export const printableJson = (json: string): string =>
  json.replace(UNSAFE_IN_JSON, (char) =>
    Array.from({ length: char.length }, (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );

/** Shown two columns wide: emoji, and East Asian Wide and Fullwidth (Unicode UAX 11), by block. */
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Columns `text` takes on a terminal; combining marks take none of their own. */
export function columnsOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += WIDE.test(segment) ? 2 : 1;
  return columns;
}

/** `text` in at most `columns` columns, ending in `…` when something was cut. */
export function clip(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const width = columnsOf(segment);
    if (used + width > columns - 1) break;
    kept += segment;
    used += width;
  }
  return columns > 0 ? `${kept}…` : '';
}

export const padEnd = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
