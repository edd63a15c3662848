/** CloudWatch metrics as lines of the log (Embedded Metric Format), by Powertools: no call to AWS, no loss when a function is frozen. */
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { environment } from '../env.ts';
import { METRIC_NAMESPACE, METRICS, type MetricDimension, SERVICE, SERVICE_VARIABLE } from '../names.ts';
import { writeLine } from './output.ts';

export type MetricName = keyof typeof METRICS;

/** Few values each: every combination is a metric of its own, and billed. */
export type Dimensions = Readonly<Partial<Record<MetricDimension, string>>>;

/** Amounts by metric; those whose name ends in `Ms` are milliseconds, all others counts. */
export type Amounts = Partial<Record<MetricName, number>>;

class LineMetrics extends Metrics {
  /** Written and forgotten in one go, so that two requests in one process never mix. */
  write(): void {
    if (!this.isDisabled()) writeLine(JSON.stringify(this.serializeMetrics()));
    this.clearMetrics();
    this.clearDimensions();
  }
}
const metrics = new LineMetrics({
  namespace: METRIC_NAMESPACE,
  serviceName: environment()[SERVICE_VARIABLE] ?? SERVICE,
});

/**
 * Records amounts under `dimensions` and the service. POWERTOOLS_METRICS_DISABLED=true silences it.
 */
export function record(amounts: Amounts, dimensions: Dimensions = {}): void {
  for (const [name, value] of Object.entries(dimensions)) metrics.addDimension(name, value);
  for (const [name, amount] of Object.entries(amounts) as [MetricName, number][])
    metrics.addMetric(METRICS[name], name.endsWith('Ms') ? MetricUnit.Milliseconds : MetricUnit.Count, amount);
  metrics.write();
}
