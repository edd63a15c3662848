/** Hides the latency of many small reads: `read` runs for up to `width` items at once, what it gives comes out in the items' order. */
export async function* readAhead<Item, Value>(
  items: Iterable<Item>,
  width: number,
  read: (item: Item) => Promise<Value>,
): AsyncGenerator<Value> {
  const running: Promise<Value>[] = [];
  for (const item of items) {
    const value = read(item);
    // Its failure is met in turn, when it is awaited below; until then it must not count as unhandled.
    value.catch(() => {});
    running.push(value);
    if (running.length >= width) yield await (running.shift() as Promise<Value>);
  }
  for (const value of running) yield await value;
}
