/**
 * All that the command line says. stdout is for data: what was asked for, and nothing else. stderr is for messages: progress, hints and
 * errors. Whatever came from outside is made printable here, so that no command can forget to.
 */
import { StringDecoder } from 'node:string_decoder';
import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { type Progress, plainProgress, progressLine } from './progress-line.ts';
import { alignRow, columnWidths } from './table.ts';
import { columnsOf, padEnd, printable, printableJson } from './terminal-text.ts';

export type OutputStream = NodeJS.WritableStream & Partial<Pick<WriteStream, 'columns' | 'isTTY'>>;

/** What a cell means, shown by colour. */
export type Tone = 'good' | 'bad' | 'warning' | 'quiet';
export type Cell = string | { readonly text: string; readonly tone: Tone };
export interface Column {
  readonly title: string;
  /** Room to keep where later rows may be wider than the first. */
  readonly atLeast?: number;
}

export interface Data {
  /** Whether a person reads stdout: tables suit them, documents suit programs. */
  readonly terminal: boolean;
  /** One line. */
  line(text: string): void;
  /** Names and values, one a line. Values that are undefined are left out. */
  fields(fields: Readonly<Record<string, Cell | undefined>>): void;
  /** A table that grows; widths are settled by the first rows. */
  table(columns: readonly Column[]): { add(rows: readonly (readonly Cell[])[]): void };
  /** One JSON document: on one line for a program, laid out for a person. */
  json(value: unknown): void;
  /** A part of a document that is written in parts. Waits for a slow reader; BrokenPipeError once the reader is gone. */
  write(chunk: Uint8Array | string): Promise<void>;
}

export interface Messages {
  message(text: string): void;
  /** A line that is redrawn on a terminal; elsewhere a line at each change of state and each tenth. */
  progress(): ProgressDisplay;
}

export interface ProgressDisplay {
  show(progress: Progress): void;
  end(): void;
}

export type Output = Data & Messages;

/** stdout's reader went away, as `head` does when it has enough. */
export class BrokenPipeError extends Error {
  override readonly name = 'BrokenPipeError';
}

const TONES = { good: 'green', bad: 'red', warning: 'yellow', quiet: 'dim' } as const;
/** What a terminal that does not tell its width is taken for: as wide as a VT100. */
const DEFAULT_COLUMNS = 80;
const ERASE_LINE = '\r\x1b[K';

/** `onFailure` is told when stdout takes no more: a BrokenPipeError, or the system's error as for a full disk. Time to stop. */
export const createOutput = (
  stdout: OutputStream,
  stderr: OutputStream,
  onFailure: (error: Error) => void,
): Output => ({ ...dataTo(stdout, onFailure), ...messagesTo(stderr) });

/** This process's own streams. */
export const processOutput = (onFailure: (error: Error) => void): Output =>
  createOutput(process.stdout, process.stderr, onFailure);

function dataTo(stdout: OutputStream, onFailure: (error: Error) => void): Data {
  const decoder = new StringDecoder('utf8');
  stdout.on('error', (error) => onFailure(writeFailure(error)));
  /** A person's terminal is guarded; to a file or program bytes pass untouched. A character cut by a chunk's end waits for its rest. */
  const guarded = (chunk: Uint8Array | string) =>
    stdout.isTTY ? printableJson(typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk))) : chunk;
  return {
    terminal: stdout.isTTY === true,
    line: (text) => stdout.write(`${printable(text)}\n`),
    fields: (fields) => writeFields(stdout, fields),
    table: (columns) => growingTable(stdout, columns),
    json: (value) => stdout.write(`${printableJson(JSON.stringify(value, null, stdout.isTTY ? 2 : undefined))}\n`),
    write: (chunk) =>
      new Promise((resolve, reject) => {
        stdout.write(guarded(chunk), (error) => (error ? reject(writeFailure(error)) : resolve()));
      }),
  };
}

/** After an EPIPE the stream is destroyed, which is what a later write is told. */
const writeFailure = (error: NodeJS.ErrnoException): Error =>
  error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED'
    ? new BrokenPipeError('stdout is closed', { cause: error })
    : error;

const textOf = (cell: Cell): string => printable(typeof cell === 'string' ? cell : cell.text);

/** styleText leaves colours out by itself where `stream` is no terminal, and under NO_COLOR (https://no-color.org). */
const paint = (cell: Cell, text: string, stream: OutputStream): string =>
  typeof cell === 'string' ? text : styleText(TONES[cell.tone], text, { stream });

function writeFields(stdout: OutputStream, fields: Readonly<Record<string, Cell | undefined>>): void {
  const given = Object.entries(fields).flatMap(([name, cell]) => (cell === undefined ? [] : [[name, cell] as const]));
  const width = Math.max(...given.map(([name]) => columnsOf(name)));
  for (const [name, cell] of given) stdout.write(`${padEnd(name, width)}  ${paint(cell, textOf(cell), stdout)}\n`);
}

function growingTable(stdout: OutputStream, columns: readonly Column[]): ReturnType<Data['table']> {
  const titles = columns.map(({ title }) => title);
  let widths: number[] | undefined;
  const write = (row: readonly Cell[], aligned: readonly string[]) =>
    stdout.write(
      `${aligned
        .map((text, i) => paint(row[i] ?? '', text, stdout))
        .join('')
        .trimEnd()}\n`,
    );
  return {
    add(rows) {
      const texts = rows.map((row) => row.map(textOf));
      const room = stdout.isTTY ? stdout.columns || DEFAULT_COLUMNS : undefined;
      if (widths === undefined) {
        widths = columnWidths(
          [titles, ...texts],
          columns.map(({ atLeast }) => atLeast ?? 0),
        );
        write(
          titles.map((text) => ({ text, tone: 'quiet' })),
          alignRow(titles, widths, room),
        );
      }
      for (const [i, row] of rows.entries()) write(row, alignRow(texts[i] ?? [], widths, room));
    },
  };
}

function messagesTo(stderr: OutputStream): Messages {
  /** The line a terminal shows just now, below all messages. */
  let current = '';
  // Nobody is left to be told that messages are not read.
  stderr.on('error', () => undefined);
  const say = (text: string) => stderr.write(current === '' ? `${text}\n` : `${ERASE_LINE}${text}\n${current}`);
  const redraw = (line: string) => {
    if (line !== current) stderr.write(ERASE_LINE + line);
    current = line;
  };
  return {
    message: (text) => say(printable(text)),
    progress: () =>
      stderr.isTTY
        ? {
            show: (progress) => redraw(progressLine(progress, (stderr.columns || DEFAULT_COLUMNS) - 1)),
            end: () => redraw(''),
          }
        : loggedProgress((text) => say(printable(text))),
  };
}

function loggedProgress(say: (text: string) => void): ProgressDisplay {
  let last = '';
  return {
    show(progress) {
      const step = `${progress.state} ${Math.floor(progress.percent / 10)}`;
      if (step !== last) say(plainProgress(progress));
      last = step;
    },
    end: () => undefined,
  };
}
