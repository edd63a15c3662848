/** Amounts of money as people read them. */

const SMALLEST = 0.0001;

/** `0.0123`, `12.30`, `< 0.0001`: US dollars, to the cent from one dollar on. */
export function dollars(usd: number): string {
  if (usd === 0) return '0';
  if (usd < SMALLEST) return `< ${SMALLEST}`;
  return usd.toFixed(usd < 1 ? 4 : 2);
}
