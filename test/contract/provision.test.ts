import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDynamoDb } from '#local/emulators/dynamodb.ts';
import { provision } from '#local/provision.ts';
import { UnavailableError } from '#shared/errors.ts';
import { type Emulators, startEmulators, TEST_CREDENTIALS, TEST_REGION } from '#test/support/emulators.ts';

describe('table, queues and bucket', () => {
  let emulators: Emulators;
  beforeAll(async () => {
    emulators = await startEmulators();
  });
  afterAll(() => emulators.close());

  it('the table has the keys, indexes and expiry of its definition', async () => {
    const key = (AttributeName: string, KeyType: string) => ({ AttributeName, KeyType });
    const index = (IndexName: string, hash: string, range: string) =>
      expect.objectContaining({
        IndexName,
        KeySchema: [key(hash, 'HASH'), key(range, 'RANGE')],
        Projection: expect.objectContaining({ ProjectionType: 'KEYS_ONLY' }),
      });
    const { Table } = await emulators.dynamodb.send(new DescribeTableCommand({ TableName: emulators.table }));
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      KeySchema: [key('pk', 'HASH'), key('sk', 'RANGE')],
    });
    expect(
      Table?.GlobalSecondaryIndexes?.toSorted((a, b) => (a.IndexName ?? '').localeCompare(b.IndexName ?? '')),
    ).toEqual([
      index('by-tenant', 'tenant', 'createdKey'),
      index('by-tenant-status', 'tenantStatus', 'createdKey'),
      index('open-jobs', 'checkShard', 'checkAt'),
    ]);
    const command = new DescribeTimeToLiveCommand({ TableName: emulators.table });
    expect((await emulators.dynamodb.send(command)).TimeToLiveDescription).toEqual({
      TimeToLiveStatus: 'ENABLED',
      AttributeName: 'expiresAtEpochSeconds',
    });
  });

  it('making them again changes nothing', async () => {
    const { table, bucket, queueUrls, deadLetterUrls } = emulators;
    expect(await provision(emulators, { table, bucket })).toEqual({ table, bucket, queueUrls, deadLetterUrls });
  });
});

describe('the embedded DynamoDB', () => {
  it('keeps in its file what was written, over a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'scanfleet-dynamodb-'));
    const file = join(folder, 'table.db');
    const Item = { pk: { S: 'a' }, sk: { S: 'b' }, n: { N: '1' } };
    const key = { pk: Item.pk, sk: Item.sk };
    const withDynamoDb = async <T>(use: (client: DynamoDBClient) => Promise<T>): Promise<T> => {
      const { endpoint, close } = await startDynamoDb({ file });
      const client = new DynamoDBClient({ endpoint, region: TEST_REGION, credentials: TEST_CREDENTIALS });
      try {
        return await use(client);
      } finally {
        client.destroy();
        await close();
      }
    };
    await withDynamoDb(async (dynamodb) => {
      const emulators = await startEmulators();
      await provision({ ...emulators, dynamodb }, { table: 'kept', bucket: emulators.bucket });
      await dynamodb.send(new PutItemCommand({ TableName: 'kept', Item }));
      await emulators.close();
    });
    const read = await withDynamoDb((client) => client.send(new GetItemCommand({ TableName: 'kept', Key: key })));
    expect(read.Item).toEqual(Item);
    await rm(folder, { recursive: true });
  });

  it('listens where no web page can guess', async () => {
    const { endpoint, close } = await startDynamoDb();
    expect(endpoint).toMatch(/^http:\/\/127\.(?!0\.0\.1:)\d+\.\d+\.\d+:\d+$/);
    await close();
  });

  it('says why it did not start', async () => {
    const starting = startDynamoDb({ file: '/nonexistent/table.db' });
    await expect(starting).rejects.toThrow(UnavailableError);
    await expect(starting).rejects.toThrow('unable to open database file');
  });
});
