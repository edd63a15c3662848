/**
 * The records as they lie in the table, read from there and not through the store. A look reads only the partitions that were written to
 * since the last one: looking after every step of a story is most of what it costs.
 */
import type { Call } from './dynamodb-faults.ts';
import type { StoreUnderTest } from './store-under-test.ts';

export type Item = Readonly<Record<string, unknown>>;

export interface RecordView {
  /** To be told of each call that is about to be sent. */
  watch(call: Call): void;
  /** Brings what `of` gives up to date, for these partitions. */
  look(partitions: readonly string[]): Promise<void>;
  /** The partition's items as of the last look. */
  of(partition: string): readonly Item[];
}

export function recordView(under: Pick<StoreUnderTest, 'items'>): RecordView {
  const items = new Map<string, readonly Item[]>();
  const stale = new Set<string>();
  return {
    watch({ operation, input }) {
      if (!READS.has(operation)) for (const partition of partitionsIn(input)) stale.add(partition);
    },
    async look(partitions) {
      const unread = partitions.filter((partition) => stale.delete(partition) || !items.has(partition));
      await Promise.all(unread.map(async (partition) => items.set(partition, await under.items(partition))));
    },
    of: (partition) => items.get(partition) ?? [],
  };
}

const READS: ReadonlySet<string> = new Set(['GetItem', 'BatchGetItem', 'Query']);

/** Every partition key that a request names, however deep. */
function partitionsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === 'pk' && typeof inner === 'string' ? [inner] : partitionsIn(inner),
  );
}
