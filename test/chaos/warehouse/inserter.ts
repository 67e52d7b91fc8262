// Child of the crash tests: inserts records from a number on, one after the other, and reports the stored ones, until
// it is killed. Arguments: folder, first number, `repair` or `plain`.
import { chaosRecord, openForChaos } from './records.ts'

const [, , path = '', first = '0', mode = 'repair'] = process.argv
const warehouse = await openForChaos(path, mode === 'repair')
process.stdout.write('ready\n')
for (let number = Number(first); ; number += 1) {
  const record = chaosRecord(number)
  await warehouse.insert(record.stream, record.bytes, record.token)
  process.stdout.write(`${number}\n`)
}
