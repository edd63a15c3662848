/** Chains that ship with scanfleet, by name. A new one is a row in this table. */
import type { ScannerName } from '../scanner/definition.ts';
import type { FollowUpCondition } from './rule.ts';

/** As in a request: options not given have their defaults. */
interface Asked {
  readonly name: ScannerName;
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface Recipe {
  /** What runs first, unless the request says. */
  readonly scanners: readonly Asked[];
  readonly followUps: readonly { readonly when: FollowUpCondition; readonly scanners: readonly Asked[] }[];
}

export const RECIPE_NAMES = ['web'] as const;
export type RecipeName = (typeof RECIPE_NAMES)[number];

export const RECIPES: Readonly<Record<RecipeName, Recipe>> = {
  /** What speaks HTTP, on whatever port, is looked at for weaknesses, hidden paths and accessibility. */
  web: {
    scanners: [{ name: 'nmap', options: { serviceDetection: true } }],
    followUps: [
      {
        when: { scanner: 'nmap', rule: 'open-port', service: 'http' },
        scanners: [{ name: 'nuclei' }, { name: 'gobuster' }, { name: 'axe' }],
      },
    ],
  },
};
