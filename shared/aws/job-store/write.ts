/** Writing items, one or many at once, each under its condition. */
import { randomUUID } from 'node:crypto';
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import {
  BatchWriteCommand,
  DeleteCommand,
  PutCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { plainItem } from './attribute-value.ts';
import { type DatabaseDeps, existing, type Item, type Refusal, type Writer } from './database.ts';
import { expressionsOf, type Write } from './expression.ts';
import { persist, UnprocessedError } from './persist.ts';
import type { Schema } from './schema.ts';

/** API reference, "BatchWriteItem". */
const MAX_BATCH_WRITE = 25;
const ALL_OLD = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

export function writer(deps: DatabaseDeps): Writer {
  const { client, table, random, schema } = deps;
  const asItWas = (item: Record<string, AttributeValue> | undefined): Item | undefined =>
    existing(deps, item && plainItem(item));

  return {
    async write(write) {
      try {
        const answer = await persist(random, () => sendOne(deps, write));
        return { ok: true, item: existing(deps, answer.Attributes) };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return { ok: false, old: asItWas(error.Item) };
      }
    },

    async transact(writes) {
      const command = {
        TransactItems: writes.map((write) => transactItem(table, ofKnownVersion(write, schema))),
        // The same for every try: within ten minutes DynamoDB itself then knows its earlier answer (API reference, "TransactWriteItems").
        ClientRequestToken: randomUUID(),
      };
      try {
        await persist(random, () => client.send(new TransactWriteCommand(command)));
        return { ok: true };
      } catch (error) {
        if (!(error instanceof TransactionCanceledException)) throw error;
        const refusals = (error.CancellationReasons ?? []).map(
          ({ Code, Item }): Refusal => ({ failed: Code === 'ConditionalCheckFailed', old: asItWas(Item) }),
        );
        if (!refusals.some(({ failed }) => failed)) throw error;
        return { ok: false, refusals };
      }
    },

    async removeAll(keys) {
      for (let start = 0; start < keys.length; start += MAX_BATCH_WRITE) {
        const batch = keys.slice(start, start + MAX_BATCH_WRITE);
        let left = batch.map((key) => ({ DeleteRequest: { Key: { ...key } as Item } }));
        await persist(random, async () => {
          const answer = await client.send(new BatchWriteCommand({ RequestItems: { [table]: left } }));
          left = (answer.UnprocessedItems?.[table] ?? []).flatMap(({ DeleteRequest }) =>
            DeleteRequest?.Key ? [{ DeleteRequest: { Key: DeleteRequest.Key } }] : [],
          );
          if (left.length > 0) throw new UnprocessedError(`${left.length} of ${batch.length} items were not deleted`);
        });
      }
    },
  };
}

/**
 * Nothing is done to an item of a newer version: the condition fails, and what it met says why (`existing`). A put needs no such care: it
 * writes a whole item, where there is none or none that counts.
 */
function ofKnownVersion<W extends Write>(write: W, { version }: Schema): W {
  if (write.kind === 'put') return write;
  const when = '(attribute_not_exists(#schemaVersion) OR #schemaVersion <= :knownVersion)';
  return {
    ...write,
    when: write.when === undefined ? when : `${write.when} AND ${when}`,
    values: { ...write.values, knownVersion: version },
  };
}

async function sendOne({ client, table, schema }: DatabaseDeps, asked: Write): Promise<{ Attributes?: Item }> {
  const write = ofKnownVersion(asked, schema);
  const common = { TableName: table, ...expressionsOf(write), ...ALL_OLD };
  if (write.kind === 'put') return client.send(new PutCommand({ ...common, Item: { ...write.key, ...write.item } }));
  const command = { ...common, Key: { ...write.key } };
  if (write.kind === 'delete') return client.send(new DeleteCommand(command));
  return client.send(new UpdateCommand({ ...command, ReturnValues: write.returning ? 'ALL_NEW' : 'NONE' }));
}

function transactItem(table: string, write: Write): TransactItem {
  const { UpdateExpression, ...condition } = expressionsOf(write);
  const common = { TableName: table, ...condition, ...(write.when === undefined ? {} : ALL_OLD) };
  switch (write.kind) {
    case 'put':
      return { Put: { ...common, Item: { ...write.key, ...write.item } } };
    case 'update':
      return { Update: { ...common, Key: { ...write.key }, UpdateExpression } };
    case 'delete':
      return { Delete: { ...common, Key: { ...write.key } } };
  }
}
