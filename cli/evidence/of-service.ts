/** A job's evidence as the service hands it out: by presigned downloads. */
import { text } from 'node:stream/consumers';
import type { EvidenceResponse } from '#shared/contracts/evidence.ts';
import { CorruptError, UnavailableError } from '#shared/errors.ts';
import { SignedManifest } from '#shared/evidence/signature.ts';
import type { ApiClient } from '../api-client.ts';
import type { Context } from '../context.ts';
import { parseJson } from '../exchange.ts';
import type { EvidencePackage, PackageFile } from './check.ts';

type Page = Extract<EvidenceResponse, { status: 'signed' }>;

/** Signing takes seconds once a job has ended; the sweeper makes up for what was lost within a minute or two. */
const LONGEST_WAIT_SECONDS = 60;
/** Of a job of 1,000 tasks with 66 raw files each some 10 MB. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

/** Waits a minute at most for a manifest that is not signed yet: then UnavailableError `evidence_unsigned`. */
export async function serviceEvidence(
  { signal, sleep, output }: Pick<Context, 'signal' | 'sleep' | 'output'>,
  client: Pick<ApiClient, 'call'>,
  jobId: string,
): Promise<EvidencePackage> {
  const ask = (cursor?: string) =>
    client.call('getEvidence', { path: { jobId }, query: cursor === undefined ? {} : { cursor } }, signal);
  let first = await ask();
  for (let waitedSeconds = 0; first.status === 'unsigned'; first = await ask()) {
    if (waitedSeconds === 0) output.message('The evidence is not signed yet: waiting for it.');
    if (waitedSeconds >= LONGEST_WAIT_SECONDS)
      throw new UnavailableError('evidence_unsigned', 'the evidence of this job is not signed yet; try again later');
    await sleep(first.retryAfterSeconds * 1_000, signal);
    waitedSeconds += first.retryAfterSeconds;
  }
  const { manifest, signature } = await download(first.manifest, signal);
  const page = first;
  return { manifest, signature: Buffer.from(signature.value, 'base64'), files: () => filesFrom(page, ask, signal) };
}

async function download({ url, bytes }: Page['manifest'], signal: AbortSignal): Promise<SignedManifest> {
  const body = bytes > MAX_MANIFEST_BYTES ? undefined : await fetchBody(url, 'the manifest', signal);
  const signed = body && SignedManifest.safeParse(parseJson(await text(body))).data;
  if (signed) return signed;
  throw new CorruptError('unexpected_answer', 'what the service gave for a signed manifest is none');
}

async function* filesFrom(
  first: Page,
  ask: (cursor: string) => Promise<EvidenceResponse>,
  signal: AbortSignal,
): AsyncGenerator<PackageFile> {
  for (let page = first; ; ) {
    for (const { path, url } of page.files) yield { path, open: () => fetchBody(url, path, signal) };
    if (page.nextCursor === undefined) return;
    const next = await ask(page.nextCursor);
    if (next.status !== 'signed') throw new CorruptError('unexpected_answer', 'the list of files broke off');
    page = next;
  }
}

/** Undefined for what is not there. UnavailableError for what cannot be read to its end. */
async function fetchBody(
  url: string,
  what: string,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const failed = (cause: unknown): never => {
    signal.throwIfAborted();
    throw new UnavailableError('download_failed', `${what} could not be downloaded`, { cause });
  };
  const response = await fetch(url, { signal, redirect: 'error' }).catch(failed);
  if (response.status === 404) return undefined;
  if (response.status !== 200 || response.body === null) return failed(new Error(`HTTP ${response.status}`));
  return unbroken(response.body, failed);
}

async function* unbroken(
  body: AsyncIterable<Uint8Array>,
  failed: (cause: unknown) => never,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (cause) {
    failed(cause);
  }
}
