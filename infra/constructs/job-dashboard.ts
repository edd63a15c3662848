/** The service at a glance: alarms first, then the flow from a request to its end. */
import { AlarmStatusWidget, Dashboard, GraphWidget, type IMetric, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { routes } from '#shared/contracts/routes.ts';
import { SCANNER_NAMES } from '#shared/scanner/definition.ts';
import { TERMINAL_STATUSES } from '#shared/status.ts';
import type { JobAlarms } from './job-alarms.ts';
import { PERIOD, type ServiceMetrics } from './service-metrics.ts';

const WIDTH = 24;

export class JobDashboard extends Construct {
  constructor(scope: Construct, id: string, metrics: ServiceMetrics, { alarms }: JobAlarms, name: string) {
    super(scope, id);
    const dashboard = new Dashboard(this, 'Dashboard', { dashboardName: name });
    dashboard.addWidgets(new AlarmStatusWidget({ title: 'Alarms', width: WIDTH, alarms: [...alarms] }));
    for (const row of graphs(metrics)) dashboard.addWidgets(...row);
  }
}

function graphs({ own, ...metrics }: ServiceMetrics): IWidget[][] {
  const functions = Object.values(routes).map((route) => route.function);
  const graph = (title: string, ...left: IMetric[]) =>
    new GraphWidget({ title, left, width: WIDTH / 3, period: PERIOD });
  return [
    [
      graph('Requests', metrics.requests, metrics.clientErrors, metrics.serverErrors),
      graph('Time to answer, p99 (ms)', ...functions.map((name) => own('requestMs', { function: name }, 'p99'))),
      graph('Faults by function', ...functions.map((name) => own('errors', { function: name })), metrics.unsweptJobs),
    ],
    [
      graph('Jobs and tasks', own('jobsSubmitted'), own('tasksReleased'), own('manifestsSigned')),
      graph('Tasks claimed', ...SCANNER_NAMES.map((scanner) => own('tasksClaimed', { scanner }))),
      graph(
        'Tasks ended',
        ...SCANNER_NAMES.flatMap((scanner) =>
          TERMINAL_STATUSES.map((status) => own('tasksEnded', { scanner, status })),
        ),
      ),
    ],
    [
      graph('Waiting', ...metrics.waiting),
      graph('Oldest message (s)', metrics.oldestSeconds),
      graph('Dead letters', metrics.deadLetters, metrics.unreadable),
    ],
    [
      graph('Workers', metrics.workersLaunched, metrics.launchFailures),
      graph('Leases', metrics.leaseTrouble),
      graph('Throttles and faults in the background', metrics.throttles, metrics.followerErrors),
    ],
  ];
}
