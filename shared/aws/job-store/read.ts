/** Reading items. */
import { BatchGetCommand, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Key } from '../table.ts';
import { type DatabaseDeps, existing, type Item, type Query, type Reader } from './database.ts';
import { bindings } from './expression.ts';
import { persist, UnprocessedError } from './persist.ts';

/** API reference, "BatchGetItem". */
const MAX_BATCH_GET = 100;

export function reader(deps: DatabaseDeps): Reader {
  const get = async (key: Key, ConsistentRead: boolean): Promise<Item | undefined> => {
    const command = { TableName: deps.table, Key: key, ConsistentRead };
    const answer = await persist(deps.random, () => deps.client.send(new GetCommand(command)));
    return existing(deps, answer.Item);
  };
  return {
    get: (key) => get(key, true),
    peek: (key) => get(key, false),
    pages: (query) => pages(deps, query),
    async getAll(keys, consistency) {
      const found: Item[] = [];
      for (let start = 0; start < keys.length; start += MAX_BATCH_GET)
        found.push(...(await getBatch(deps, keys.slice(start, start + MAX_BATCH_GET), consistency !== undefined)));
      return found;
    },
  };
}

async function* pages(deps: DatabaseDeps, query: Query): AsyncGenerator<readonly Item[]> {
  const { names, values } = bindings(query.where, query.values);
  let start: Item | undefined;
  do {
    const command = {
      TableName: deps.table,
      KeyConditionExpression: query.where,
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: values,
      ScanIndexForward: !query.newestFirst,
      ExclusiveStartKey: start,
      Limit: query.limit,
      ...(query.index === undefined ? { ConsistentRead: !query.eventually } : { IndexName: query.index }),
    };
    const page = await persist(deps.random, () => deps.client.send(new QueryCommand(command)));
    const items: readonly Item[] = page.Items ?? [];
    // An index holds keys alone: whether the item exists shows when it is read.
    yield query.index === undefined ? allExisting(deps, items) : items;
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
}

async function getBatch(deps: DatabaseDeps, keys: readonly Key[], ConsistentRead: boolean): Promise<readonly Item[]> {
  const { client, table, random } = deps;
  const found: Item[] = [];
  let left: readonly Item[] = keys.map((key) => ({ ...key }));
  await persist(random, async () => {
    const answer = await client.send(
      new BatchGetCommand({ RequestItems: { [table]: { Keys: [...left], ConsistentRead } } }),
    );
    found.push(...(answer.Responses?.[table] ?? []));
    left = answer.UnprocessedKeys?.[table]?.Keys ?? [];
    if (left.length > 0) throw new UnprocessedError(`${left.length} of ${keys.length} items were not read`);
  });
  return allExisting(deps, found);
}

const allExisting = (deps: DatabaseDeps, items: readonly Item[]): readonly Item[] =>
  items.map((item) => existing(deps, item)).filter((item) => item !== undefined);
