/**
 * How many cases a generated comparison has: the count in `npm test`, several times as many in `npm run test:proofs`,
 * which runs the same tests from `test/proofs/generated`.
 */
export const runs = (count: number): number => count * Number(process.env['TEST_SCALE'] ?? 1)
