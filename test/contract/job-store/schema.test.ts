/**
 * How the next version of the records is made (docs/operations.md, "A new version of the records"): an imaginary version 2, run through
 * the store's own reading and writing beside version 1.
 */
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseDeps } from '#shared/aws/job-store/database.ts';
import type { Attributes } from '#shared/aws/job-store/expression.ts';
import { dynamoJobStore } from '#shared/aws/job-store/index.ts';
import { type Schema, upgraded } from '#shared/aws/job-store/schema.ts';
import { writer } from '#shared/aws/job-store/write.ts';
import { jobKey, taskKey } from '#shared/aws/table.ts';
import type { JobStore } from '#shared/job/store.ts';
import { DEFAULT_LIMITS } from '#shared/limits.ts';
import { aResult, claimTask, type StoreUnderTest, startStore, submitJob } from '#test/support/store-under-test.ts';

/** In version 1 a job may have a `name`; from version 2 on it always has a `title`. */
function titled(item: Attributes): Attributes {
  if (item.sk !== 'JOB') return item;
  const { name = 'untitled', ...job } = item;
  return { ...job, title: name };
}
const VERSION_2: Schema = { version: 2, upgrades: [titled] };

let under: StoreUnderTest;
let version1: JobStore;
let version2: JobStore;
let database2: DatabaseDeps;
beforeAll(async () => {
  under = await startStore();
  version1 = under.store;
  const { client, table, now } = under;
  version2 = dynamoJobStore({ client, table, limits: DEFAULT_LIMITS, now, random: () => 0, schema: VERSION_2 });
  database2 = { client: DynamoDBDocumentClient.from(client), table, now, random: () => 0, schema: VERSION_2 };
});
afterAll(() => under.close());

describe('version 2 meets what version 1 wrote', () => {
  it('reads it as if it had written it', async () => {
    const named = await submitJob(under, 1, { name: 'weekly' });
    const nameless = await submitJob(under, 1);
    expect(await version2.readJob(named.jobId)).toMatchObject({ title: 'weekly' });
    expect(await version2.readJob(named.jobId)).not.toHaveProperty('name');
    expect(await version2.peekJob(nameless.jobId)).toMatchObject({ title: 'untitled' });
  });

  it('runs it to its end, and leaves it readable for version 1, whose workers are still there', async () => {
    const { jobId } = await submitJob(under, 1, { name: 'weekly' });
    const claimed = await version2.claim({ jobId, taskId: '0001' }, 'worker-2');
    if (claimed === undefined) throw new Error('the task is not claimable');
    expect(await version1.heartbeat(claimed.held)).toBe(under.in(60));
    await version2.finish(claimed.held, { status: 'completed', result: aResult(1) });
    expect(await version1.readJob(jobId)).toMatchObject({ name: 'weekly', openCount: 0, findings: 1 });
    expect(await under.item(jobKey(jobId))).toMatchObject({ schemaVersion: 1 });
  });

  it('writes it anew as a whole, so that version and shape change together, and only if nobody did meanwhile', async () => {
    const { jobId } = await submitJob(under, 1, { name: 'weekly' });
    const rewrite = () =>
      writer(database2).write({
        kind: 'update',
        key: jobKey(jobId),
        when: '#schemaVersion = :read',
        values: { read: 1 },
        set: { schemaVersion: 2, title: 'weekly' },
        remove: ['name'],
      });
    expect(await rewrite()).toMatchObject({ ok: true });
    expect(await rewrite()).toMatchObject({ ok: false, old: { title: 'weekly' } });
    expect(await version2.readJob(jobId)).toMatchObject({ title: 'weekly' });
  });
});

describe('version 1 meets what version 2 wrote', () => {
  const newer = async () => {
    const { jobId } = await submitJob(under, 1);
    await under.edit(jobKey(jobId), { schemaVersion: 2, title: 'weekly' });
    await under.edit(taskKey(jobId, '0001'), { schemaVersion: 2 });
    return jobId;
  };
  const refusal = (key: string) => ({
    code: 'schema_version',
    message: `${key} has schema version 2; this scanfleet knows 1: update it`,
  });

  it('refuses to read it, and says what to do', async () => {
    const jobId = await newer();
    await expect(version1.readJob(jobId)).rejects.toMatchObject(refusal(`JOB#${jobId} JOB`));
    await expect(version1.readTasks(jobId)).rejects.toMatchObject(refusal(`JOB#${jobId} TASK#0001`));
    expect(await version2.readJob(jobId)).toMatchObject({ title: 'weekly' });
  });

  it('refuses to claim it, and has changed nothing', async () => {
    const jobId = await newer();
    const before = await under.item(taskKey(jobId, '0001'));
    const claiming = version1.claim({ jobId, taskId: '0001' }, 'worker-1');
    await expect(claiming).rejects.toMatchObject(refusal(`JOB#${jobId} TASK#0001`));
    expect(await under.item(taskKey(jobId, '0001'))).toEqual(before);
  });

  it('changes nothing of a transaction that touches it', async () => {
    const { jobId } = await submitJob(under, 1);
    const { held } = await claimTask(under, { jobId, taskId: '0001' });
    await under.edit(jobKey(jobId), { schemaVersion: 2 });
    const before = await under.items(`JOB#${jobId}`);
    const finishing = version1.finish(held, { status: 'completed', result: aResult() });
    await expect(finishing).rejects.toMatchObject(refusal(`JOB#${jobId} JOB`));
    expect(await under.items(`JOB#${jobId}`)).toEqual(before);
  });
});

it('an item some versions old passes through every upgrade after its own, in order', () => {
  const step = (name: string) => (item: Attributes) => ({ ...item, path: `${item.path}${name}` });
  const schema: Schema = { version: 4, upgrades: [step('2'), step('3'), step('4')] };
  const pathFrom = (version: number) => upgraded({ path: '' }, version, schema).path;
  expect([1, 2, 3, 4].map(pathFrom)).toEqual(['234', '34', '4', '']);
});
