/** Amounts of money as people read them. */

const SMALLEST = 0.000_001;

/** `12.30`, `0.012`, `0.000044`: US dollars, to the cent from one dollar on, below to two digits that say something. */
export function dollars(usd: number): string {
  if (usd >= 1) return usd.toFixed(2);
  if (usd === 0) return '0';
  return usd < SMALLEST ? '< 0.000001' : String(Number(usd.toPrecision(2)));
}
