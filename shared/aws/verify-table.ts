/** Whether the table that exists is the one that table.ts defines: asked once at the start, so that a wrong one is named and not guessed from failures. */
import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type GlobalSecondaryIndexDescription,
  type KeySchemaElement,
  ResourceNotFoundException,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { SchemaVersionError } from '../errors.ts';
import { unavailable } from './failure.ts';
import { INDEXES, TABLE, type TableIndex } from './table.ts';

/**
 * `all` that is defined, or what `repairs` stand on: the keys, and the index of open jobs. A list that is still being indexed, or a table
 * in which nothing expires, is no reason to leave jobs stuck.
 */
export type Scope = 'all' | 'repairs';

/**
 * Throws SchemaVersionError `table_mismatch` that names everything that differs; UnavailableError `database_unavailable`. What the table
 * has beyond the definition is no fault: a newer version adds its indexes before its code runs.
 */
export async function verifyTable(client: DynamoDBClient, name: string, scope: Scope = 'all'): Promise<void> {
  const differences = await describe(client, name, scope);
  if (differences.length > 0)
    throw new SchemaVersionError(
      'table_mismatch',
      `the table ${name} is not the one this scanfleet needs: ${differences.join('; ')}`,
    );
}

/** The same, asked until it went well once. */
export function tableVerifier(client: DynamoDBClient, name: string, scope: Scope = 'all'): () => Promise<void> {
  let isVerified = false;
  return async () => {
    if (isVerified) return;
    await verifyTable(client, name, scope);
    isVerified = true;
  };
}

async function describe(client: DynamoDBClient, TableName: string, scope: Scope): Promise<string[]> {
  const indexes = scope === 'all' ? TABLE.indexes : [INDEXES.openJobs];
  try {
    const [{ Table }, expiry] = await Promise.all([
      client.send(new DescribeTableCommand({ TableName })),
      scope === 'all' ? client.send(new DescribeTimeToLiveCommand({ TableName })) : undefined,
    ]);
    return [
      ...keyDifferences('the table', Table, TABLE),
      ...indexes.flatMap((index) => indexDifferences(Table?.GlobalSecondaryIndexes ?? [], index)),
      ...textDifferences(Table),
      ...(expiry === undefined ? [] : expiryDifferences(expiry.TimeToLiveDescription ?? {})),
    ];
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return ['it does not exist'];
    return unavailable('database_unavailable', `describing the table ${TableName}`)(error);
  }
}

type Keys = Pick<TableIndex, 'partitionKey' | 'sortKey'>;

function keyDifferences(
  what: string,
  has: { KeySchema?: KeySchemaElement[] | undefined } = {},
  needed: Keys,
): string[] {
  const keyOf = (type: string) => has.KeySchema?.find(({ KeyType }) => KeyType === type)?.AttributeName;
  const found = `${keyOf('HASH')}, ${keyOf('RANGE')}`;
  const expected = `${needed.partitionKey}, ${needed.sortKey}`;
  return found === expected ? [] : [`${what} has the keys ${found} (needed: ${expected})`];
}

function indexDifferences(indexes: readonly GlobalSecondaryIndexDescription[], needed: TableIndex): string[] {
  const index = indexes.find(({ IndexName }) => IndexName === needed.name);
  if (index === undefined) return [`the index ${needed.name} is missing`];
  const what = `the index ${needed.name}`;
  const projection = index.Projection?.ProjectionType;
  return [
    ...keyDifferences(what, index, needed),
    ...(projection === TABLE.projection ? [] : [`${what} projects ${projection} (needed: ${TABLE.projection})`]),
    ...(index.IndexStatus === 'CREATING' ? [`${what} is still being built`] : []),
  ];
}

/** All keys are texts. */
const textDifferences = (table: TableDescription | undefined): string[] =>
  (table?.AttributeDefinitions ?? [])
    .filter(({ AttributeName, AttributeType }) => KEYS.has(AttributeName) && AttributeType !== 'S')
    .map(({ AttributeName, AttributeType }) => `${AttributeName} is of type ${AttributeType} (needed: S)`);
const KEYS = new Set<string | undefined>(
  [TABLE, ...TABLE.indexes].flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey]),
);

interface Expiry {
  readonly TimeToLiveStatus?: string | undefined;
  readonly AttributeName?: string | undefined;
}

function expiryDifferences({ TimeToLiveStatus = 'DISABLED', AttributeName }: Expiry): string[] {
  if (!TimeToLiveStatus.startsWith('ENABL'))
    return [`nothing expires: TTL is ${TimeToLiveStatus} (needed: ENABLED on ${TABLE.ttlAttribute})`];
  return AttributeName === TABLE.ttlAttribute ? [] : [`TTL is on ${AttributeName} (needed: ${TABLE.ttlAttribute})`];
}
