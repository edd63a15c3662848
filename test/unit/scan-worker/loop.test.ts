import { describe, expect, it } from 'vitest';
import { workLoop } from '#containers/scan-worker/loop.ts';
import type { ReceivedMessage, TaskQueue } from '#shared/task/queue.ts';
import { fakeClock } from '#test/support/fake-clock.ts';
import { silentLog } from '#test/support/silent-log.ts';

const message = (body: string): ReceivedMessage => ({ body, receipt: body, receiveCount: 1 });

/** A loop of 3 slots that ends after 60 idle seconds. Work on a message takes `workMs` of the fake clock. */
function begin({ messages = [] as string[], workMs = 10_000, answer = 'waits' as 'waits' | 'at once' | 'fails' }) {
  const clock = fakeClock();
  const shutdown = new AbortController();
  const waiting = messages.map(message);
  const asked: number[] = [];
  const polledAt: number[] = [];
  const worked: string[] = [];
  let inHand = 0;
  let most = 0;
  const queue: Pick<TaskQueue, 'receive'> = {
    async receive(_size, { max, waitSeconds, signal }) {
      polledAt.push(clock.monotonicMs() / 1_000);
      asked.push(max);
      if (answer === 'fails') throw new Error('no answer');
      if (waiting.length === 0 && answer === 'waits') await clock.sleep(waitSeconds * 1_000, signal);
      return waiting.splice(0, max);
    },
  };
  let ended: string | undefined;
  void workLoop(
    {
      queue: queue as TaskQueue,
      size: 'small',
      clock,
      random: () => 1,
      log: silentLog,
      limits: { workerSlots: 3, idleExitSeconds: 60 },
      async run({ body }) {
        inHand += 1;
        most = Math.max(most, inHand);
        await clock.sleep(workMs, shutdown.signal);
        inHand -= 1;
        worked.push(body);
        if (body === 'broken') throw new Error('the store does not answer');
      },
    },
    shutdown.signal,
  ).then((why) => {
    ended = why;
  });
  return { clock, shutdown, asked, polledAt, worked, waiting, most: () => most, ended: () => ended };
}

describe('the loop', () => {
  it('has as many tasks in hand as it has slots, and asks for no more', async () => {
    const { clock, asked, worked, most } = begin({ messages: ['a', 'b', 'c', 'd', 'e'] });
    await clock.advance(20_000);
    expect(worked).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(most()).toBe(3);
    expect(asked.slice(0, 2)).toEqual([3, 1]);
  });

  it('takes more work while slots are free', async () => {
    const { clock, worked, waiting } = begin({ messages: ['a'], workMs: 50_000 });
    await clock.advance(1_000);
    waiting.push(message('b'));
    await clock.advance(30_000 + 50_000);
    expect(worked).toEqual(['a', 'b']);
  });

  it('ends when there was nothing to do for its time, counted from the end of the last work', async () => {
    const { clock, ended } = begin({ messages: ['a'], workMs: 30_000 });
    await clock.advance(89_000);
    expect(ended()).toBeUndefined();
    await clock.advance(1_000);
    expect(ended()).toBe('idle');
  });

  it('polls at most once a second when empty answers come at once', async () => {
    const { clock, polledAt, ended } = begin({ answer: 'at once' });
    await clock.advance(61_000);
    expect(polledAt.slice(0, 4)).toEqual([0, 1, 2, 3]);
    expect(ended()).toBe('idle');
  });

  it('waits longer and longer for a queue that does not answer', async () => {
    const { clock, polledAt } = begin({ answer: 'fails' });
    await clock.advance(59_000);
    expect(polledAt).toEqual([0, 1, 3, 7, 15, 31]);
  });

  it('goes on when work on one message fails', async () => {
    const { clock, worked } = begin({ messages: ['broken', 'b', 'c', 'd'] });
    await clock.advance(30_000);
    expect(worked).toEqual(['broken', 'b', 'c', 'd']);
  });

  it('on shutdown asks for nothing more and waits for the work in hand', async () => {
    const { clock, shutdown, polledAt, worked, ended } = begin({ messages: ['a', 'b'] });
    await clock.advance(1_000);
    const polls = polledAt.length;
    shutdown.abort();
    await clock.advance(0);
    expect(polledAt).toHaveLength(polls);
    expect(worked).toEqual(['a', 'b']);
    expect(ended()).toBe('shutdown');
  });
});
