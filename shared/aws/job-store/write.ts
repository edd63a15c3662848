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
  TransactWriteCommand,
  type TransactWriteCommandInput,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { plainItem } from './attribute-value.ts';
import { type DatabaseDeps, existing, type Item, type Refusal, type Writer } from './database.ts';
import { type Delete, expressionsOf, type Update, type Write } from './expression.ts';
import { persist, UnprocessedError } from './persist.ts';

/** API reference, "BatchWriteItem". */
const MAX_BATCH_WRITE = 25;
const ALL_OLD = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number];

export function writer(deps: DatabaseDeps): Writer {
  const { client, table, now, random } = deps;
  const asItWas = (item: Record<string, AttributeValue> | undefined): Item | undefined =>
    existing(item && plainItem(item), now());

  return {
    async write(write) {
      try {
        const answer = await persist(random, () => sendOne(deps, write));
        return { ok: true, item: existing(answer.Attributes, now()) };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return { ok: false, old: asItWas(error.Item) };
      }
    },

    async transact(writes) {
      const command = {
        TransactItems: writes.map((write) => transactItem(table, write)),
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

async function sendOne({ client, table }: DatabaseDeps, write: Update | Delete): Promise<{ Attributes?: Item }> {
  const command = { TableName: table, Key: { ...write.key }, ...expressionsOf(write), ...ALL_OLD };
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
