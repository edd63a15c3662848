/** Which scanners a deployment's workers can run: a setting of the deployment; in local mode found out when the service starts. */
import * as z from 'zod';
import { ValidationError } from '../errors.ts';
import { SCANNER_NAMES, type ScannerName } from './definition.ts';

const Availability = z.discriminatedUnion('available', [
  z.object({ available: z.literal(true), version: z.string().optional() }),
  z.object({ available: z.literal(false), reason: z.string() }),
]);
export type Availability = z.output<typeof Availability>;

/** By name. A scanner it does not name is not available. */
export const Availabilities = z.partialRecord(z.enum(SCANNER_NAMES), Availability);
export type Availabilities = z.output<typeof Availabilities>;

/** What the workers have whose image is made by this repository's Dockerfile. */
export const IMAGE_SCANNERS: Availabilities = {
  nmap: { available: true },
  gobuster: { available: true },
  axe: { available: true },
};

export const availabilityOf = (availabilities: Availabilities, name: ScannerName): Availability =>
  availabilities[name] ?? { available: false, reason: `the workers of this deployment come without ${name}` };

/** Throws ValidationError naming each scanner that is asked for in vain, and why. */
export function refuseUnavailable(availabilities: Availabilities, names: readonly ScannerName[]): void {
  const errors = names.flatMap((name, at) => {
    const availability = availabilityOf(availabilities, name);
    if (availability.available) return [];
    return [{ field: `scanners[${at}].name`, message: `${name} is unavailable: ${availability.reason}` }];
  });
  if (errors.length > 0) throw new ValidationError(errors);
}
