/** Closes a month in a process of its own, which its parent kills; prints the number of bills. */
import { billsOf, isClosed, openBooks } from './books.ts'

const [path = '', month = ''] = process.argv.slice(2)
const books = await openBooks(path)
process.stdout.write('ready\n')
await books.request(month)
while (!(await isClosed(books.warehouse, month))) {
  process.stdout.write(`bills ${await billsOf(books.warehouse, month)}\n`)
  await new Promise(resolve => setTimeout(resolve, 5))
}
await books.close()
process.stdout.write('closed\n')
process.exit(0)
