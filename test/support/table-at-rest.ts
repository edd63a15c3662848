/** What a local service that has ended left in its table. */
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import { startDynamoDb } from '#local/emulators/dynamodb.ts';
import { TABLE_NAME } from '#local/environment.ts';
import { jobOf } from '#shared/aws/job-store/items.ts';
import type { Job } from '#shared/job/job.ts';
import type { Task } from '#shared/task/task.ts';
import { TEST_CREDENTIALS, TEST_REGION } from './emulators.ts';

type Item = Readonly<Record<string, unknown>> & { readonly pk: string; readonly sk: string };

export interface TableAtRest {
  readonly jobs: readonly Job[];
  readonly tasksOf: (job: Job) => readonly Task[];
  /** By tenant. */
  readonly activeJobs: Readonly<Record<string, number>>;
}

/** `state`: the service's state directory. */
export async function readTableAtRest(state: string): Promise<TableAtRest> {
  const emulator = await startDynamoDb({ file: join(state, 'dynamodb.db') });
  const client = new DynamoDBClient({
    endpoint: emulator.endpoint,
    region: TEST_REGION,
    credentials: TEST_CREDENTIALS,
  });
  const items: Item[] = [];
  try {
    const pages = paginateScan({ client: DynamoDBDocumentClient.from(client) }, { TableName: TABLE_NAME });
    for await (const { Items = [] } of pages) items.push(...(Items as Item[]));
  } finally {
    client.destroy();
    await emulator.close();
  }
  const tasks = items.filter(({ sk }) => sk.startsWith('TASK#'));
  return {
    jobs: items.flatMap((item) => (item.sk === 'JOB' ? (jobOf(item) ?? []) : [])),
    tasksOf: ({ jobId }) => tasks.filter(({ pk }) => pk === `JOB#${jobId}`) as unknown as Task[],
    activeJobs: Object.fromEntries(
      items
        .filter(({ sk }) => sk === 'QUOTA')
        .map(({ pk, activeJobs }) => [pk.slice('TENANT#'.length), Number(activeJobs)]),
    ),
  };
}
