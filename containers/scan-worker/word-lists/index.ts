/** The word lists by name. A new one is a file here, a line below and its name in shared/scanner/gobuster.ts. */
import type { WordListName } from '#shared/scanner/gobuster.ts';
import { NAMES } from './names.ts';
import { PATHS } from './paths.ts';

export const WORDS: Readonly<Record<WordListName, readonly string[]>> = { paths: PATHS, names: NAMES };
