/** The CDK app: one stack, its settings from the context `scanfleet` (cdk.json, or `-c scanfleet='{…}'`). Entry file: the stack is in scanfleet-stack.ts. */
import { App } from 'aws-cdk-lib';
import { ScanfleetStack } from './scanfleet-stack.ts';
import { readSettings } from './settings.ts';

const app = new App();
new ScanfleetStack(app, 'scanfleet', { settings: readSettings(app.node.tryGetContext('scanfleet')) });
