/** Keeps the policy file in the bucket the same as the one on disk, which is the user's to edit. */
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { parse } from 'yaml';
import { POLICY_KEY } from '#shared/finding/results.ts';
import { readPolicy } from '#shared/target/policy.ts';
import { repeating } from './repeat.ts';

export interface PolicyUploadDeps {
  readonly s3: S3Client;
  readonly bucket: string;
  /** A line for the user. */
  readonly tell: (text: string) => void;
}

/** Some editors replace a file in a way that no event tells; a look at it costs nothing. */
const LOOK_MS = 5_000;

/** Uploads `file` now and whenever its content changes, until the returned function is called. */
export async function uploadPolicy(deps: PolicyUploadDeps, file: string): Promise<() => Promise<void>> {
  let uploaded = await upload(deps, file, undefined);
  const looking = repeating({ intervalMs: LOOK_MS, scheduled: () => undefined }, async () => {
    try {
      uploaded = await upload(deps, file, uploaded);
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

/** A broken policy is uploaded like any other, and then nothing may be scanned, as in AWS: going on with the old one might scan what was just denied. */
async function upload(
  { s3, bucket, tell }: PolicyUploadDeps,
  file: string,
  before: string | undefined,
): Promise<string> {
  const text = await readFile(file, 'utf8');
  if (text === before) return text;
  await s3.send(new PutObjectCommand({ Bucket: bucket, Key: POLICY_KEY, Body: text, ContentType: 'application/yaml' }));
  const fault = faultOf(text);
  if (fault !== undefined) tell(`${file} cannot be used, so every target is refused until it is mended: ${fault}`);
  else if (before !== undefined) tell(`${file} was changed; it is in force within a minute.`);
  return text;
}

function faultOf(text: string): string | undefined {
  try {
    readPolicy(parse(text, { logLevel: 'error' }), 'allow');
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
