/**
 * How many cases a generated comparison has: the count in `npm test`, several times as many in `npm run test:proofs`,
 * which runs the same tests from `test/proofs/generated`, and there at least `inProofs`.
 */
export function runs(count: number, inProofs = count): number {
  const scale = Number(process.env['TEST_SCALE'] ?? 1)
  return scale === 1 ? count : Math.max(count * scale, inProofs)
}
