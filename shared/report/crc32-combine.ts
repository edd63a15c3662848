/** The CRC-32 of two texts in a row from the CRC-32 of each: polynomial arithmetic over GF(2), as in the appendix of RFC 1952 and in zlib. */

/** The generator polynomial of CRC-32 (RFC 1952, section 8), lowest power in the highest bit, as all polynomials here. */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;

/** a · b modulo the generator. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if (a & bit) product ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product >>> 0;
}

/** x to the power of 8·`bytes`, modulo the generator: what appending that many bytes multiplies a CRC by. */
function shiftOf(bytes: number): number {
  let result = ONE;
  let square = ONE >>> 8;
  for (let rest = bytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(result, square);
    square = multiply(square, square);
  }
  return result;
}

/** The CRC-32 of `first` followed by `second`, which is `secondBytes` long. */
export const crc32Combine = (first: number, second: number, secondBytes: number): number =>
  (multiply(first, shiftOf(secondBytes)) ^ second) >>> 0;
