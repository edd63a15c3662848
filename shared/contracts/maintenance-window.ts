/** A maintenance window as a caller writes it. */
import * as z from 'zod';
import type { MaintenanceWindow } from '../target/maintenance-window.ts';
import { Instant } from './ids.ts';

export const WINDOW_BOUNDS = {
  notBefore: Instant.optional().describe('Nothing is scanned earlier; before the deadline'),
  notAfter: Instant.optional().describe('Nothing is scanned from then on: what runs is stopped'),
};
export const inOrder = ({ notBefore = '', notAfter }: MaintenanceWindow): boolean =>
  notAfter === undefined || notBefore < notAfter;
export const NOT_IN_ORDER = { path: ['notAfter'], message: 'must be later than notBefore' };

export const WindowRequest = z
  .strictObject(WINDOW_BOUNDS)
  .refine(inOrder, NOT_IN_ORDER)
  .meta({ id: 'MaintenanceWindow' });
