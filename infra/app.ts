/** The CDK app: one stack, its settings from the context `scanfleet` (see settings.ts). Entry file: the stack is in scanfleet-stack.ts. */
import { App } from 'aws-cdk-lib';
import { ScanfleetStack } from './scanfleet-stack.ts';
import { readSettings } from './settings.ts';

const app = new App();
const settings = readSettings(app.node.tryGetContext('scanfleet'));
new ScanfleetStack(app, settings.name, { settings });
