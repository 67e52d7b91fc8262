const LINE = /^\S+ ([A-Za-z0-9_]+-[A-Z]-\d{3}-[A-Z]): (PASS|FAIL|SKIPPED) {2}\((.*)\)$/gm
const ALTERNATIVES = /: OR passed/

/**
 * Rules that the validator's report says failed. Two rules of InvoiceId are the halves of an OR, null without an invoice and not
 * null with one: it checks both on every row, and one of them fails on each file; the rule that joins them must pass.
 * @throws when the report has no rules, or that rule did not pass
 */
export function failedRules(report: string): readonly string[] {
  const rules = [...report.matchAll(LINE)].map(([, id = '', result = '', message = '']) => ({
    id,
    result,
    message,
  }))
  const passed = rules.filter(({ result }) => result === 'PASS')
  if (passed.length < 200) throw new Error(`only ${passed.length} rules passed:\n${report.slice(-2_000)}`)
  const joined = rules.find(({ id }) => id === 'InvoiceId-C-003-C')
  if (joined?.result !== 'PASS' || !ALTERNATIVES.test(joined.message))
    throw new Error('InvoiceId is neither null nor given')
  return rules
    .filter(({ id, result }) => result === 'FAIL' && id !== 'InvoiceId-C-004-C')
    .map(({ id, message }) => `${id}: ${message}`)
}
