/**
 * Whether a package of evidence is what was signed: first the signature, by a key that did not come with it; then the manifest; then every
 * file against its hash. What the signature does not cover is believed in nothing, not even its file names.
 */
import { createHash } from 'node:crypto';
import { concurrently } from '#shared/concurrently.ts';
import { filesOf, Manifest } from '#shared/evidence/manifest.ts';
import { isSigned } from '#shared/evidence/signature.ts';
import type { StoredObject } from '#shared/finding/results.ts';
import { parseJson } from '../exchange.ts';

/** A file as it lies in a package. */
export interface PackageFile {
  /** As the manifest spells it, or any text: whoever made the package chose it. */
  readonly path: string;
  /** Its bytes. Undefined: it is gone, or no regular file. */
  open(): Promise<AsyncIterable<Uint8Array> | undefined>;
}

export interface EvidencePackage {
  /** The text that was signed. */
  readonly manifest: string;
  readonly signature: Uint8Array;
  /** Whatever lies there, each once. */
  files(): AsyncIterable<PackageFile>;
}

export interface Problem {
  readonly problem: 'signature' | 'changed' | 'missing' | 'added';
  readonly file: string;
  readonly message: string;
}

export interface Checked {
  /** Undefined when it cannot be believed. */
  readonly manifest?: Manifest;
  /** Files that are what was signed. */
  readonly files: number;
  readonly bytes: number;
  readonly problems: readonly Problem[];
}

/** Takes the bytes of a file that the manifest names, while they are checked; reads them to their end. */
export type Keep = (path: string, chunks: AsyncIterable<Uint8Array>) => Promise<unknown>;

export const MANIFEST_FILE = 'manifest.json';
/** Files that are read side by side. */
const AT_ONCE = 4;

/** Rejects with what `files`, `open` and `keep` reject with: what could not be read proves nothing either way. */
export async function checkPackage(
  found: EvidencePackage,
  publicKey: string,
  { jobId, keep = drain }: { readonly jobId?: string; readonly keep?: Keep },
): Promise<Checked> {
  const manifest = readManifest(found, publicKey, jobId);
  if ('problem' in manifest) return { files: 0, bytes: 0, problems: [manifest] };
  const signed = filesOf(manifest);
  const left = new Set(signed.keys());
  const problems: Problem[] = [];
  let [files, bytes] = [0, 0];
  const checks = concurrently(found.files(), AT_ONCE, async (file) => ({
    path: file.path,
    answer: await checkFile(file, signed.get(file.path), keep),
  }));
  for await (const { path, answer } of checks) {
    if (answer === 'gone') continue;
    left.delete(path);
    if (typeof answer === 'object') problems.push(answer);
    else {
      files += 1;
      bytes += answer;
    }
  }
  for (const file of left) problems.push({ problem: 'missing', file, message: 'was signed, and is not there' });
  return { manifest, files, bytes, problems };
}

function readManifest(
  { manifest: text, signature }: EvidencePackage,
  publicKey: string,
  jobId: string | undefined,
): Manifest | Problem {
  const file = MANIFEST_FILE;
  if (!isSigned(text, signature, publicKey))
    return {
      problem: 'signature',
      file,
      message: 'was changed, or was signed by another key than the one that counts',
    };
  const { data } = Manifest.safeParse(parseJson(text));
  if (data === undefined)
    return { problem: 'signature', file, message: 'is signed, but is no manifest that this version knows' };
  if (jobId !== undefined && data.jobId !== jobId)
    return { problem: 'changed', file, message: `is that of another job: ${data.jobId}` };
  return data;
}

/** How many bytes were right, or what is wrong. */
async function checkFile(
  { path, open }: PackageFile,
  signed: StoredObject | undefined,
  keep: Keep,
): Promise<number | Problem | 'gone'> {
  if (signed === undefined) return { problem: 'added', file: path, message: 'was not signed' };
  const chunks = await open();
  if (chunks === undefined) return 'gone';
  const hash = createHash('sha256');
  let bytes = 0;
  const measured = async function* () {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
      // Wrong already, and it might never end.
      if (bytes > signed.bytes) return;
    }
  };
  await keep(path, measured());
  if (bytes > signed.bytes)
    return { problem: 'changed', file: path, message: `is longer than the ${signed.bytes} bytes that were signed` };
  const sha256 = hash.digest('hex');
  if (bytes === signed.bytes && sha256 === signed.sha256) return bytes;
  return {
    problem: 'changed',
    file: path,
    message: `has ${bytes} bytes, SHA-256 ${sha256}; signed: ${signed.bytes} bytes, ${signed.sha256}`,
  };
}

async function drain(_path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of chunks);
}
