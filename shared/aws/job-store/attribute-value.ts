/** What DynamoDB's own notation stands for. The document client translates answers by itself, but not the items that errors carry. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export function plainItem(item: Readonly<Record<string, AttributeValue>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, plain(value)]));
}

/** Of the kinds the store writes: strings, numbers, booleans, lists and maps. */
function plain(value: AttributeValue): unknown {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.L !== undefined) return value.L.map(plain);
  if (value.M !== undefined) return plainItem(value.M);
  return null;
}
