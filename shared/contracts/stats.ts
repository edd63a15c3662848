/** GET /stats: figures of the caller's tenant by day and scanner. */
import * as z from 'zod';
import { SCANNER_NAMES, WORKER_SIZES } from '../scanner/definition.ts';
import { noBody, none, route } from './route.ts';
import { UsageView } from './usage.ts';

const Day = z.iso.date({ error: 'must be a day, as in 2026-01-31' });
const Count = z.int().min(0);
const Usd = z.number().min(0);
const Rate = z.number().min(0).max(1).nullable();

export const StatsQuery = z.strictObject({
  from: Day.optional().describe('The first day (UTC); 29 days before the last one when absent'),
  to: Day.optional().describe('The last day; today when absent'),
});
export type StatsQuery = z.output<typeof StatsQuery>;

/** A rate or an average of nothing is null. */
export const FiguresView = z
  .object({
    jobs: Count.describe('Ended; a retried job counts again'),
    jobRetries: Count.describe('Of these, ends of a retry'),
    tasks: z.object({ completed: Count, failed: Count, timedOut: Count, cancelled: Count }),
    completionRate: Rate.describe('Completed of all tasks that were not cancelled'),
    findings: Count,
    averageDurationMs: z.number().nullable().describe('Of the tasks that ran, their last run'),
    runsAgain: Count.describe('Times a task was run again by itself'),
    leasesLost: Count.describe('Times a worker stopped renewing its lease'),
    hostBusy: Count.describe(
      'Times a task had to wait because another one scanned its host, or its scanner had no room',
    ),
    usage: UsageView,
    cancellations: z.object({
      requested: Count,
      forced: Count.describe('A worker had to be given up'),
      successRate: Rate.describe('Not forced, of those requested'),
      averageMs: z.number().nullable().describe('From the request to the end of the job'),
    }),
  })
  .meta({ id: 'Figures' });
export type FiguresView = z.output<typeof FiguresView>;

const OfScanner = FiguresView.extend({ scanner: z.enum(SCANNER_NAMES) });

export const StatsResponse = z
  .object({
    from: Day,
    to: Day,
    days: z
      .array(OfScanner.extend({ day: Day }).meta({ id: 'DayFigures' }))
      .describe('By the day a job ended, oldest first'),
    budget: z
      .object({
        jobUsd: Usd.nullable().describe('What a job may spend before nothing more of it starts; null: no cap'),
        dayUsd: Usd.nullable().describe('What the tenant may spend in a day (UTC); null: no cap'),
        spentTodayUsd: Usd.nullable().describe('As far as its jobs told; null where there is no cap'),
        workerHourUsd: z.record(z.enum(WORKER_SIZES), Usd).describe('What an hour of a worker is counted as'),
      })
      .meta({ id: 'Budget' }),
    scanners: z.array(OfScanner.meta({ id: 'ScannerFigures' })).describe('The same over all these days'),
  })
  .meta({ id: 'Stats' });
export type StatsResponse = z.output<typeof StatsResponse>;

export const getStatsRoute = route({
  method: 'GET',
  path: '/stats',
  function: 'get-stats',
  summary: "How the tenant's jobs went, by day and scanner",
  request: { path: none, query: StatsQuery, body: noBody },
  responses: { 200: StatsResponse },
  streaming: false,
  callers: 'any',
});
