/** Keeps the files by which a deployment is run the same in the bucket as on disk, where they are the user's to edit. */
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { parse } from 'yaml';
import { POLICY_KEY, SCANNERS_KEY } from '#shared/finding/results.ts';
import { readRegistry } from '#shared/scanner/registry.ts';
import { readPolicy } from '#shared/target/policy.ts';
import { repeating } from './repeat.ts';

export interface ConfigUploadDeps {
  readonly s3: S3Client;
  readonly bucket: string;
  /** A line for the user. */
  readonly tell: (text: string) => void;
}

interface ConfigFile {
  readonly file: string;
  readonly key: string;
  /** Throws for a document that cannot be used. */
  readonly read: (document: unknown) => unknown;
  /** What that means until it is mended. */
  readonly meanwhile: string;
}

export const policyAt = (file: string): ConfigFile => ({
  ...{ file, key: POLICY_KEY, meanwhile: 'every target is refused' },
  read: (document) => readPolicy(document, 'allow'),
});
export const scannersAt = (file: string): ConfigFile => ({
  ...{ file, key: SCANNERS_KEY, meanwhile: 'no server of it is used' },
  read: readRegistry,
});

/** Some editors replace a file in a way that no event tells; a look at it costs nothing. */
const LOOK_MS = 5_000;

/** Uploads the file now and whenever its content changes, until the returned function is called. */
export async function uploadConfig(deps: ConfigUploadDeps, config: ConfigFile): Promise<() => Promise<void>> {
  const { file } = config;
  let uploaded = await upload(deps, config, undefined);
  const looking = repeating({ intervalMs: LOOK_MS, scheduled: () => undefined }, async () => {
    try {
      uploaded = await upload(deps, config, uploaded);
    } catch (error) {
      deps.tell(`${file} was not taken over: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  // The folder, because an editor that writes a new file and renames it leaves a watch on the old one.
  const watcher: FSWatcher = watch(dirname(file), (_event, name) => {
    if (name === basename(file)) looking.request(undefined);
  });
  return async () => {
    watcher.close();
    await looking.stop();
  };
}

/** A broken file is uploaded like any other, and nothing is done by it, as in AWS: going on with the old one might scan what was just denied. */
async function upload(
  { s3, bucket, tell }: ConfigUploadDeps,
  { file, key, meanwhile, read }: ConfigFile,
  before: string | undefined,
): Promise<string> {
  const text = await readFile(file, 'utf8');
  if (text === before) return text;
  // Bytes, as the SDK takes an empty text for a stream: editors empty a file before they write it.
  const Body = Buffer.from(text);
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body, ContentType: 'application/yaml' }));
  const fault = faultOf(text, read);
  if (fault !== undefined) tell(`${file} cannot be used, so ${meanwhile} until it is mended: ${fault}`);
  else if (before !== undefined) tell(`${file} was changed; it is in force within a minute.`);
  return text;
}

function faultOf(text: string, read: ConfigFile['read']): string | undefined {
  try {
    read(parse(text, { logLevel: 'error' }));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
