/** Runs `run` for up to `width` items at once and gives what they came to, in the items' order. Hides the latency of many small calls. */
export async function* concurrently<Item, Value>(
  items: Iterable<Item> | AsyncIterable<Item>,
  width: number,
  run: (item: Item) => Promise<Value>,
): AsyncGenerator<Value> {
  const running: Promise<Value>[] = [];
  for await (const item of items) {
    const value = run(item);
    // Its failure is met in turn, when it is awaited below; until then it must not count as unhandled.
    value.catch(() => {});
    running.push(value);
    if (running.length >= width) yield await (running.shift() as Promise<Value>);
  }
  for (const value of running) yield await value;
}
