/** The first scan of a new user: a small sample service of our own, through the HTTP API, with what the command line shows of it. */
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { connect } from '#cli/connect.ts';
import type { Context } from '#cli/context.ts';
import { parseJson } from '#cli/exchange.ts';
import { showFindings, worstFindings } from '#cli/findings-table.ts';
import { followWithProgress } from '#cli/follow.ts';
import { showJob } from '#cli/job-view.ts';
import { writeWholeFile } from '#cli/whole-file.ts';
import { UnavailableError } from '#shared/errors.ts';
import { type LocalProcess, startProcess } from './process.ts';

const SAMPLE = fileURLToPath(new URL('sample/main.ts', import.meta.url));
const Ports = z.array(z.int()).min(1);

/**
 * Scans the sample by the service whose state is in `directory`, shows the job, its findings and what to do next, and writes the report to
 * `reportFile` if there is one. Whether the scan covered the sample.
 */
export async function firstScan(context: Context, directory: string, reportFile?: string): Promise<boolean> {
  const { output, signal } = context;
  const env = { ...context.env, SCANFLEET_URL: undefined, SCANFLEET_STATE: directory };
  const client = await connect({ ...context, env }, {});
  const sample = await startSample();
  try {
    const ports = sample.ports.join(',');
    output.message(`A first scan, of a sample service on 127.0.0.1 (ports ${ports}), as this command would:`);
    output.message(
      `  npx scanfleet submit 127.0.0.1 --scanner nmap --option ports=${ports} --option serviceDetection=true --wait`,
    );
    const scanners = [{ name: 'nmap' as const, options: { ports, serviceDetection: true } }];
    const request = { name: 'first scan', targets: ['127.0.0.1'], scanners };
    const job = await followWithProgress(context, client, await client.call('submitJob', { body: request }, signal));
    showJob(output, job);
    const path = { jobId: job.jobId };
    const table = await client.exportReport({ path, query: { format: 'ndjson', profile: 'summary' } }, signal);
    showFindings(output, await worstFindings(table.body));
    if (reportFile !== undefined) {
      const { body } = await client.exportReport({ path, query: { format: 'json' } }, signal);
      await writeWholeFile(reportFile, body, 'the report');
      output.message(`The whole report: ${reportFile}`);
    }
    tellNext(output.message, job.jobId);
    return job.status === 'completed' && job.verdict !== 'no_verdict';
  } finally {
    await sample.process.stop();
  }
}

function tellNext(tell: (text: string) => void, jobId: string): void {
  tell('To try next, in another terminal:');
  tell('  npx scanfleet submit 127.0.0.1 --scanner nmap --option ports=1-1024 --wait');
  tell('  npx scanfleet list');
  tell(`  npx scanfleet report ${jobId} --format ndjson --profile full`);
}

/** A process of its own: what is scanned must not share a fate with what scans. */
async function startSample(): Promise<{ ports: readonly number[]; process: LocalProcess }> {
  const said = Promise.withResolvers<string>();
  let text = '';
  const child = await startProcess({
    file: process.execPath,
    args: [SAMPLE],
    env: {},
    onOutput(chunk) {
      text += Buffer.from(chunk).toString();
      if (text.includes('\n')) said.resolve(text);
    },
  });
  const line = await Promise.race([said.promise, child.ended.then(({ outputTail }) => outputTail)]);
  const ports = Ports.safeParse(parseJson(line));
  if (ports.success) return { ports: ports.data, process: child };
  await child.stop();
  throw new UnavailableError('sample_not_started', `the sample service did not start: ${line}`);
}
