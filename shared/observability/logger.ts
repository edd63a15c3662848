/**
 * One JSON line an event, by Powertools: level, message, service, time, and the fields given. The level is the environment's
 * (POWERTOOLS_LOG_LEVEL, or Lambda's own setting; INFO without). Nothing secret is ever passed in; fields belong to the call and not to
 * the logger, because one process may serve many requests at once.
 */
import { Logger, type LogItem } from '@aws-lambda-powertools/logger';
import { environment } from '../env.ts';
import { SERVICE, SERVICE_VARIABLE } from '../names.ts';
import { writeLine } from './output.ts';

class LineLogger extends Logger {
  protected override printLog(_level: number, item: LogItem): void {
    item.prepareForPrint();
    writeLine(JSON.stringify(item.getAttributes(), this.getJsonReplacer()));
  }
}

export const logger: Logger = new LineLogger({ serviceName: environment()[SERVICE_VARIABLE] ?? SERVICE });
