/** When a canary scan has ended: whether it did what a scan must. Entry file: the decision is in check-canary.ts. */
import { JobFinishedDetail } from '#shared/contracts/events.ts';
import { eventHandler } from '../middleware/event.ts';
import { checkCanary } from './check-canary.ts';

export const handler = eventHandler('check-canary', JobFinishedDetail, async ({ detail }) => checkCanary(detail));
