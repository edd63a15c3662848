/** The table of tools. A new one is a file here and a row in this table. */
import type { Tool } from '../tool.ts';
import { cancelScan } from './cancel-scan.ts';
import { getQueueStatus } from './get-queue-status.ts';
import { getScanResults } from './get-scan-results.ts';
import { getScanStatus } from './get-scan-status.ts';
import { listScanners } from './list-scanners.ts';
import { listTasks } from './list-tasks.ts';
import { runUntrustedScan } from './run-untrusted-scan.ts';

export const TOOLS: readonly Tool[] = [
  runUntrustedScan,
  getScanStatus,
  getScanResults,
  listScanners,
  getQueueStatus,
  listTasks,
  cancelScan,
];
