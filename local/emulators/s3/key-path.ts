/**
 * Where a key lies on disk, and back. Keys are hostile: each part between slashes becomes one name that cannot mean anything else
 * (`..`, an absolute path, a NUL), and a key that is also the beginning of others (`a`, `a/b`) gets a name apart from theirs.
 */
import { S3Fault } from './fault.ts';

const FOLDER = 'd-';
const OBJECT = 'o-';
/** S3 user guide, "Object key naming guidelines". */
const MAX_KEY_BYTES = 1_024;
/** NAME_MAX of Linux's file systems, less room for the mark. */
const MAX_NAME_BYTES = 250;

/** File names from the bucket's folder down. Throws S3Fault KeyTooLongError, also where a part is longer, encoded, than a file name may be. */
export function namesOf(key: string): string[] {
  const parts = key.split('/').map(encodeURIComponent);
  if (Buffer.byteLength(key) > MAX_KEY_BYTES || parts.some((part) => part.length > MAX_NAME_BYTES))
    throw new S3Fault('KeyTooLongError');
  return parts.map((part, index) => `${index === parts.length - 1 ? OBJECT : FOLDER}${part}`);
}

/** Whether a file name stands for an object, not a folder. */
export const isObject = (name: string): boolean => name.startsWith(OBJECT);

/** The part of a key that a file name stands for: ends with a slash when it is a folder. */
export const partOf = (name: string): string =>
  decodeURIComponent(name.slice(FOLDER.length)) + (isObject(name) ? '' : '/');
