/**
 * Closes months one after another, in a process of its own that whoever started it kills. Prints a line for each stage and for each
 * number of bills; looks for what is there twice when it has opened, and audits all bills after each month.
 */
import { followingPeriod } from '../../../core/billing/periods.ts'
import { audit, fingerprint, repeated } from './audit.ts'
import { billsOf, isClosed, openBooks } from './books.ts'

const [path = '', first = '', month = '', isBooked = '', last = ''] = process.argv.slice(2)
const books = await openBooks(path)
const tables = books.warehouse
const say = (line: string): boolean => process.stdout.write(`${line}\n`)
const months: string[] = []
for (let at = first; at < month; at = followingPeriod(at)) months.push(at)
say('open')
for (const finding of await repeated(tables)) say(`finding ${finding}`)
for (let at = month; at <= last; at = followingPeriod(at)) {
  months.push(at)
  if (at !== month || isBooked !== 'booked') {
    // Entries of the month, and late ones of all months before it.
    for (const [index, one] of months.entries()) await books.book(one, months.length * 100 + index)
    await books.settle()
    say('booked')
  }
  await books.request(at)
  while (!(await isClosed(tables, at))) {
    say(`bills ${await billsOf(tables, at)}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  await books.settle()
  say('closed')
  for (const finding of await audit(tables, months)) say(`finding ${finding}`)
  for (const one of months) say(`fingerprint ${one} ${await fingerprint(tables, one)}`)
  say('audited')
}
await books.close()
