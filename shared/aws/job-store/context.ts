/** What every operation of the store works with. */
import type { Limits } from '../../limits.ts';
import type { Database } from './database.ts';

export interface StoreContext {
  readonly db: Database;
  readonly limits: Limits;
  readonly now: () => Date;
  readonly random: () => number;
  /** At most so many items go into one transaction. */
  readonly transactionItems: number;
  /** Tells a claim from every other. */
  readonly newNonce: () => string;
}
