/** What a queue may do to messages besides delivering them once and in time: SQS promises at least once, and a message can be lost with its receiver. */
import { DeleteMessageCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { Luck } from './luck.ts';
import type { Alter } from './proxy.ts';

const Message = z.looseObject({ MessageId: z.string(), ReceiptHandle: z.string(), Body: z.string() });
type Message = z.output<typeof Message>;
const Received = z.looseObject({ Messages: z.array(Message).optional() });
const Receive = z.looseObject({ QueueUrl: z.string() });

const MAX_DELAY_SECONDS = 10;

/** To be applied to what ReceiveMessage answers. `sqs` reaches the queue without faults. */
export function messageFaults(sqs: SQSClient, luck: Luck): Alter {
  /** Messages made here, which arrive unharmed: otherwise one could be repeated for ever. */
  const copies = new Set<string>();
  const copy = async (QueueUrl: string, { Body }: Message, DelaySeconds = 0) => {
    const { MessageId = '' } = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: Body, DelaySeconds }));
    copies.add(MessageId);
  };
  const remove = (QueueUrl: string, { ReceiptHandle }: Message) =>
    sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  /** Whether its receiver gets it. */
  const deliver = async (url: string, message: Message): Promise<boolean> => {
    if (copies.delete(message.MessageId)) return true;
    const queue = url.replace(/^.*\//, '');
    if (luck.happens('sqs.drop', queue)) {
      await remove(url, message);
      return false;
    }
    if (luck.happens('sqs.delay', queue)) {
      await copy(url, message, Math.ceil(luck.upTo(MAX_DELAY_SECONDS, queue)));
      await remove(url, message);
      return false;
    }
    if (luck.happens('sqs.repeat', queue)) await copy(url, message);
    return true;
  };
  return async ({ body }, answer) => {
    const { QueueUrl } = Receive.parse(JSON.parse(body.toString()));
    const { Messages = [], ...rest } = Received.parse(JSON.parse(answer.toString()));
    const kept = await Promise.all(Messages.map((message) => deliver(QueueUrl, message)));
    return Buffer.from(JSON.stringify({ ...rest, Messages: Messages.filter((_, index) => kept[index]) }));
  };
}
