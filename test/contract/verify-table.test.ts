import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  type ProjectionType,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDynamoDb } from '#local/emulators/dynamodb.ts';
import type { Emulator } from '#local/emulators/emulator.ts';
import { createTable } from '#local/provision.ts';
import { tableVerifier, verifyTable } from '#shared/aws/verify-table.ts';
import { injectFaults } from '#test/support/dynamodb-faults.ts';
import { TEST_CREDENTIALS, TEST_REGION } from '#test/support/emulators.ts';

let emulator: Emulator;
let client: DynamoDBClient;
let calls = 0;
let isDown = false;
beforeAll(async () => {
  emulator = await startDynamoDb();
  client = new DynamoDBClient({
    endpoint: emulator.endpoint,
    region: TEST_REGION,
    credentials: TEST_CREDENTIALS,
    maxAttempts: 1,
  });
  injectFaults(client, ({ operation }) => {
    if (operation.startsWith('Describe')) calls += 1;
    return isDown ? 'error' : undefined;
  });
});
afterAll(async () => {
  client.destroy();
  await emulator.close();
});

const keys = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: 'HASH' as const },
  { AttributeName: range, KeyType: 'RANGE' as const },
];
const index = (IndexName: string, hash: string, range: string, ProjectionType: ProjectionType = 'KEYS_ONLY') => ({
  IndexName,
  KeySchema: keys(hash, range),
  Projection: { ProjectionType },
});
const BY_TENANT = index('by-tenant', 'tenant', 'createdKey');
const BY_TENANT_STATUS = index('by-tenant-status', 'tenantStatus', 'createdKey');
const OPEN_JOBS = index('open-jobs', 'checkShard', 'checkAt');

let made = 0;
/** A table as it should be, but for `changes`; its name. */
async function tableWith(changes: Partial<CreateTableCommandInput>, ttl?: string): Promise<string> {
  made += 1;
  const TableName = `table-${made}`;
  const definition = {
    TableName,
    BillingMode: 'PAY_PER_REQUEST' as const,
    KeySchema: keys('pk', 'sk'),
    GlobalSecondaryIndexes: [BY_TENANT, BY_TENANT_STATUS, OPEN_JOBS],
    ...changes,
  };
  const names = [definition, ...definition.GlobalSecondaryIndexes].flatMap(({ KeySchema }) =>
    (KeySchema ?? []).map(({ AttributeName }) => AttributeName ?? ''),
  );
  const AttributeDefinitions =
    changes.AttributeDefinitions ??
    [...new Set(names)].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const }));
  await client.send(new CreateTableCommand({ ...definition, AttributeDefinitions }));
  if (ttl !== undefined) {
    const TimeToLiveSpecification = { AttributeName: ttl, Enabled: true };
    await client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  }
  return TableName;
}

const TTL = 'expiresAtEpochSeconds';
const named = (AttributeName: string, AttributeType: 'S' | 'N') => ({ AttributeName, AttributeType });

describe('a table', () => {
  it.each<[what: string, changes: Partial<CreateTableCommandInput>, ttl: string | undefined, difference: string]>([
    ['with other keys', { KeySchema: keys('id', 'sk') }, TTL, 'the table has the keys id, sk (needed: pk, sk)'],
    [
      'without an index',
      { GlobalSecondaryIndexes: [BY_TENANT, BY_TENANT_STATUS] },
      TTL,
      'the index open-jobs is missing',
    ],
    [
      'with an index over something else',
      { GlobalSecondaryIndexes: [BY_TENANT, BY_TENANT_STATUS, index('open-jobs', 'checkShard', 'createdKey')] },
      TTL,
      'the index open-jobs has the keys checkShard, createdKey (needed: checkShard, checkAt)',
    ],
    [
      'with an index that holds too much',
      { GlobalSecondaryIndexes: [index('by-tenant', 'tenant', 'createdKey', 'ALL'), BY_TENANT_STATUS, OPEN_JOBS] },
      TTL,
      'the index by-tenant projects ALL (needed: KEYS_ONLY)',
    ],
    [
      'with a key that is a number',
      {
        AttributeDefinitions: [
          ...['pk', 'sk', 'tenant', 'createdKey', 'tenantStatus', 'checkShard'].map((name) => named(name, 'S')),
          named('checkAt', 'N'),
        ],
      },
      TTL,
      'checkAt is of type N (needed: S)',
    ],
    [
      'in which nothing expires',
      {},
      undefined,
      'nothing expires: TTL is DISABLED (needed: ENABLED on expiresAtEpochSeconds)',
    ],
    ['that expires by another attribute', {}, 'expires', 'TTL is on expires (needed: expiresAtEpochSeconds)'],
  ])('%s is refused, and told what differs', async (_what, changes, ttl, difference) => {
    const name = await tableWith(changes, ttl);
    await expect(verifyTable(client, name)).rejects.toMatchObject({
      code: 'table_mismatch',
      message: `the table ${name} is not the one this scanfleet needs: ${difference}`,
    });
  });

  it('that differs in several ways is told all of them at once', async () => {
    const name = await tableWith({ GlobalSecondaryIndexes: [BY_TENANT] });
    await expect(verifyTable(client, name)).rejects.toThrow(
      /by-tenant-status is missing; the index open-jobs is missing; nothing expires/,
    );
  });

  it('that has an index more, as a newer version may need, is the right one', async () => {
    const more = index('by-project', 'tenant', 'checkAt');
    const name = await tableWith({ GlobalSecondaryIndexes: [BY_TENANT, BY_TENANT_STATUS, OPEN_JOBS, more] }, TTL);
    await expect(verifyTable(client, name)).resolves.toBeUndefined();
  });

  it('that does not exist is refused', async () => {
    await expect(verifyTable(client, 'nowhere')).rejects.toThrow(
      'the table nowhere is not the one this scanfleet needs: it does not exist',
    );
  });

  it('is good enough for repairs while lists are not indexed and nothing expires, not without the open jobs', async () => {
    const withoutLists = await tableWith({ GlobalSecondaryIndexes: [OPEN_JOBS] });
    await expect(verifyTable(client, withoutLists, 'repairs')).resolves.toBeUndefined();
    const withoutOpenJobs = await tableWith({ GlobalSecondaryIndexes: [BY_TENANT] });
    await expect(verifyTable(client, withoutOpenJobs, 'repairs')).rejects.toThrow(
      `the table ${withoutOpenJobs} is not the one this scanfleet needs: the index open-jobs is missing`,
    );
  });

  it('is looked at until it was right once, and then no more', async () => {
    const verify = tableVerifier(client, await tableWith({}, TTL));
    isDown = true;
    await expect(verify()).rejects.toMatchObject({ code: 'database_unavailable', retryable: true });
    isDown = false;
    await verify();
    calls = 0;
    await verify();
    expect(calls).toBe(0);
  });

  it('that is there already must be the right one, where local would make it', async () => {
    const right = await tableWith({}, TTL);
    await expect(createTable(client, right)).resolves.toBeUndefined();
    const older = await tableWith({ GlobalSecondaryIndexes: [BY_TENANT, BY_TENANT_STATUS] }, TTL);
    await expect(createTable(client, older)).rejects.toMatchObject({ code: 'table_mismatch' });
  });
});
