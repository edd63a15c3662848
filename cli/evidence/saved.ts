/**
 * A package of evidence in a folder of its own, to be checked again without any service:
 *
 *   manifest.json   the text that was signed          manifest.sig   the signature over it, DER
 *   files/          0001/1/findings.ndjson.gz, …: as the manifest names them
 */
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { ValidationError } from '#shared/errors.ts';
import { writeWholeFile } from '../whole-file.ts';
import { type EvidencePackage, type Keep, MANIFEST_FILE, type PackageFile } from './check.ts';

const SIGNATURE_FILE = 'manifest.sig';
const FILES_FOLDER = 'files';
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

/** Keeps manifest and signature in `folder`, which must be new or empty, and then each file it is given. ValidationError. */
export async function saveInto(
  folder: string,
  { manifest, signature }: Pick<EvidencePackage, 'manifest' | 'signature'>,
): Promise<Keep> {
  const field = '--save';
  await mkdir(folder, { recursive: true }).catch((cause: Error) => refuse(field, `cannot be made: ${cause.message}`));
  if ((await readdir(folder)).length > 0) refuse(field, `names ${folder}, which is not empty`);
  const write = (path: string, chunks: AsyncIterable<Uint8Array>) => writeWholeFile(join(folder, path), chunks, field);
  await write(MANIFEST_FILE, Readable.from([Buffer.from(manifest)]));
  await write(SIGNATURE_FILE, Readable.from([Buffer.from(signature)]));
  return async (path, chunks) => {
    await mkdir(join(folder, FILES_FOLDER, dirname(path)), { recursive: true });
    await write(join(FILES_FOLDER, path), chunks);
  };
}

/** ValidationError for a folder that holds no package. */
export async function savedEvidence(folder: string): Promise<EvidencePackage> {
  const read = async (name: string) => {
    const path = join(folder, name);
    const info = await stat(path).catch((cause: Error) => refuse('--from', `holds no evidence: ${cause.message}`));
    if (!info.isFile() || info.size > MAX_MANIFEST_BYTES) refuse('--from', `holds no evidence: ${path} is none`);
    return readFile(path);
  };
  const manifest = (await read(MANIFEST_FILE)).toString();
  return { manifest, signature: await read(SIGNATURE_FILE), files: () => filesIn(folder) };
}

/** Everything but manifest and signature. Links are not followed: what they lead to is not part of the package. */
async function* filesIn(folder: string): AsyncGenerator<PackageFile> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const place = join(entry.parentPath, entry.name);
    const path = relative(folder, place).split(sep).join('/');
    if (entry.isDirectory() || path === MANIFEST_FILE || path === SIGNATURE_FILE) continue;
    yield {
      // What lies beside the folder of files has a path that no manifest names.
      path: path.startsWith(`${FILES_FOLDER}/`) ? path.slice(FILES_FOLDER.length + 1) : `../${path}`,
      open: async () => (entry.isFile() ? createReadStream(place) : undefined),
    };
  }
}

function refuse(field: string, message: string): never {
  throw new ValidationError([{ field, message }]);
}
