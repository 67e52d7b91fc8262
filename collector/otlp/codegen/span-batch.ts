/**
 * The span batch as AssemblyScript, from the columns of stream `traces`. Each method iterates over the columns by
 * storage: a column that a method omits would be read beyond its memory.
 */
import { SPAN_COLUMNS, SPAN_DICTIONARIES, SPAN_LISTS, type SpanColumn } from '../decode/span-layout.ts'

const CLASSES = {
  dictionary: 'Dictionary',
  pairs: 'Pairs',
  texts: 'Texts',
  ids: 'Ids',
  fixed: 'HeapBlock',
} as const

/** Bytes of an offset into lists, and of an id. */
const WORD = 4

const ROWS = SPAN_COLUMNS.filter(({ list }) => list === '')
const countOf = (list: string): string => list.toLowerCase()
const offsetsOf = (list: string): string => `${countOf(list)}Offsets`
const columnsOf = (list: string): readonly SpanColumn[] => SPAN_COLUMNS.filter(column => column.list === list)
const isFirstOf = (column: SpanColumn): boolean => column.list !== '' && columnsOf(column.list)[0] === column

/**
 * Columns with few distinct values, and text: text dictionaries are stored like the former and counted like the latter.
 */
const isWord = ({ storage, isStoredAsText }: SpanColumn): boolean =>
  storage === 'dictionary' && !isStoredAsText
const isText = ({ storage, isStoredAsText }: SpanColumn): boolean =>
  storage === 'texts' || (storage === 'dictionary' && isStoredAsText)
const isHeldAs =
  (...storages: readonly SpanColumn['storage'][]) =>
  ({ storage }: SpanColumn): boolean =>
    storages.includes(storage)

type Choose = (column: SpanColumn) => boolean

/** A line for each selected column, in the order of the selections. */
const lines = (
  columns: readonly SpanColumn[],
  choices: readonly Choose[],
  line: (column: SpanColumn) => string,
): string[] => choices.flatMap(choice => columns.filter(choice).map(line))

const log2 = (bytes: number): number => Math.log2(bytes)

function fields(): string[] {
  return SPAN_COLUMNS.flatMap(column => [
    ...(isFirstOf(column)
      ? [`/** Start of each row's ${countOf(column.list)}. */`, `${offsetsOf(column.list)}: HeapBlock`]
      : []),
    `${column.field}: ${CLASSES[column.storage]}`,
  ])
}

function dictionaries(): readonly string[] {
  return SPAN_COLUMNS.flatMap(({ field, storage }) =>
    storage === 'pairs' ? [`${field}.keys`, `${field}.values`] : storage === 'dictionary' ? [field] : [],
  )
}

function reserve(column: SpanColumn): string {
  const { field, storage, width } = column
  if (storage === 'dictionary') return `this.${field}.reserveEntries(rows)`
  return storage === 'fixed' ? `this.${field}.reserve(rows << ${log2(width)})` : `this.${field}.reserve(rows)`
}

const grow = (): string[] => [
  ...lines(ROWS, [isWord, isHeldAs('fixed'), isHeldAs('ids'), isText, isHeldAs('pairs')], reserve),
  ...SPAN_LISTS.map(list => `this.${offsetsOf(list)}.reserve((rows + 1) << ${log2(WORD)})`),
]

/** Columns stored by rows need no truncation. */
const truncated = (column: SpanColumn, kept: string): string =>
  column.storage === 'dictionary'
    ? `this.${column.field}.count = ${kept}`
    : `this.${column.field}.truncate(${kept})`

const truncate = (): string[] => [
  ...SPAN_LISTS.map(
    list => `this.${countOf(list)} = load<u32>(this.${offsetsOf(list)}.at + (<usize>kept << ${log2(WORD)}))`,
  ),
  ...lines(ROWS, [isWord, isHeldAs('ids'), isText, isHeldAs('pairs')], column => truncated(column, 'kept')),
  ...SPAN_LISTS.flatMap(list =>
    columnsOf(list)
      .filter(({ storage }) => storage !== 'fixed')
      .map(column => truncated(column, `this.${countOf(list)}`)),
  ),
]

const clear = (): string[] => [
  ...lines(
    SPAN_COLUMNS,
    [isHeldAs('pairs'), isHeldAs('texts'), isHeldAs('ids')],
    ({ field }) => `this.${field}.clear()`,
  ),
  ...lines(SPAN_COLUMNS, [isHeldAs('fixed')], ({ field }) => `this.${field}.retain()`),
  ...SPAN_LISTS.map(list => `this.${offsetsOf(list)}.retain()`),
  ...SPAN_LISTS.map(list => `this.${offsetsOf(list)}.reserve(256)`),
  ...SPAN_LISTS.map(list => `store<u32>(this.${offsetsOf(list)}.at, 0)`),
]

const destroy = (): string[] => [
  ...lines(
    SPAN_COLUMNS,
    [isWord, isHeldAs('pairs'), isText, isHeldAs('ids'), isHeldAs('fixed')],
    ({ field }) => `this.${field}.destroy()`,
  ),
  ...SPAN_LISTS.map(list => `this.${offsetsOf(list)}.destroy()`),
]

/** Bytes of a row's fixed-size values: its numbers, and its dictionary ids. */
function fixedBytes(columns: readonly SpanColumn[]): number {
  return columns.reduce((sum, { storage, width }) => {
    if (storage === 'dictionary') return sum + WORD
    return storage === 'fixed' ? sum + width : sum
  }, 0)
}

const sizes = (columns: readonly SpanColumn[], ...storages: readonly SpanColumn['storage'][]): string =>
  lines(
    columns,
    storages.map(storage => isHeldAs(storage)),
    ({ field }) => `this.${field}.byteSize()`,
  ).join(' + ')

const byteSize = (): string[] => {
  const listed = SPAN_LISTS.map(list => [countOf(list), fixedBytes(columnsOf(list))] as const)
  const inLists = SPAN_COLUMNS.filter(({ list }) => list !== '')
  return [
    'const rows = <f64>this.rows',
    `const fixed = ${[
      `rows * ${fixedBytes(ROWS)}`,
      ...listed.filter(([, bytes]) => bytes > 0).map(([count, bytes]) => `<f64>this.${count} * ${bytes}`),
    ].join(' + ')}`,
    `const ids = ${sizes(ROWS, 'ids')}`,
    `const listed = ${sizes(inLists, 'ids', 'texts')}`,
    `const texts = ${sizes(ROWS, 'texts')}`,
    `const pairs = ${sizes(SPAN_COLUMNS, 'pairs')}`,
    `const words = ${sizes(SPAN_COLUMNS, 'dictionary')}`,
    'return fixed + ids + listed + texts + pairs + words',
  ]
}

const TELL = { dictionary: 'tellDictionary', pairs: 'tellPairs', texts: 'tellTexts', ids: 'tellIds' } as const

const describe = (): string[] => [
  'tell(batch.rows)',
  ...SPAN_LISTS.map(list => `tell(batch.${countOf(list)})`),
  ...SPAN_COLUMNS.flatMap(column => [
    ...(isFirstOf(column) ? [`tell(<u32>batch.${offsetsOf(column.list)}.at)`] : []),
    column.storage === 'fixed'
      ? `tell(<u32>batch.${column.field}.at)`
      : `${TELL[column.storage]}(batch.${column.field})`,
  ]),
]

const MAKE = {
  dictionary: () => 'newDictionary()',
  pairs: () => 'newPairs()',
  texts: () => 'newTexts()',
  ids: (width: number) => `newIds(${width})`,
  fixed: () => 'HeapBlock.make()',
} as const

const make = (): string[] =>
  SPAN_COLUMNS.flatMap(column => [
    ...(isFirstOf(column) ? [`batch.${offsetsOf(column.list)} = HeapBlock.make()`] : []),
    `batch.${column.field} = ${MAKE[column.storage](column.width)}`,
  ])

const method = (doc: string, head: string, body: readonly string[], isInline = false): string =>
  [
    ...(doc === '' ? [] : [`/** ${doc} */`]),
    ...(isInline ? ['@inline'] : []),
    `${head} {`,
    ...body,
    '}',
  ].join('\n')

function methods(): readonly string[] {
  const named = dictionaries()
  const last = named.length - 1
  return [
    method('The dictionary at `index` of DICTIONARIES.', 'dictionary(index: u32): Dictionary', [
      'switch (index) {',
      ...named.flatMap((path, index) => [
        index === last ? 'default:' : `case ${index}:`,
        `return this.${path}`,
      ]),
      '}',
    ]),
    method(
      'Reserves space for one more row in all columns with one value per row.',
      'reserveRow(): void',
      ['if (this.rows >= this.rowCapacity) this.grow()'],
      true,
    ),
    method('', 'private grow(): void', [
      'const rows = max(this.rowCapacity * 2, 64)',
      'this.rowCapacity = rows',
      ...grow(),
    ]),
    method(
      'Ends the row whose columns are complete.',
      'endRow(): void',
      [
        'this.rows += 1',
        ...SPAN_LISTS.map(
          list =>
            `store<u32>(this.${offsetsOf(list)}.at + (<usize>this.rows << ${log2(WORD)}), this.${countOf(list)})`,
        ),
      ],
      true,
    ),
    method('Drops all rows from `rows` on, and an incomplete next row.', 'truncate(rows: u32): void', [
      'if (rows < this.rows) this.rows = rows',
      'const kept = this.rows',
      ...truncate(),
    ]),
    method('', 'clear(): void', [
      'this.rows = 0',
      '// Some columns may release their memory.',
      'this.rowCapacity = 0',
      ...SPAN_LISTS.map(list => `this.${countOf(list)} = 0`),
      'for (let index: u32 = 0; index < DICTIONARIES; index += 1) this.dictionary(index).clear()',
      ...clear(),
    ]),
    method('', 'destroy(): void', [...destroy(), 'heap.free(changetype<usize>(this))']),
    method('Size of the rows in bytes.', 'byteSize(): f64', byteSize()),
  ]
}

/** Source of the class `SpanBatch`. */
export function spanBatchSource(): string {
  return [
    "import { Ids, newIds, newPairs, newTexts, Pairs, Texts } from './columns'",
    "import { Dictionary, newDictionary } from './interner'",
    "import { HeapBlock, zeroed } from './memory'",
    '',
    '/** Dictionaries of a batch, in the order of its columns: fields of marks. */',
    `export const DICTIONARIES: u32 = ${SPAN_DICTIONARIES}`,
    '',
    '/** The columns of spans that become one record (core/model/streams/traces.ts). */',
    '@unmanaged',
    'export class SpanBatch {',
    'rows: u32',
    'rowCapacity: u32',
    ...SPAN_LISTS.map(list => `${countOf(list)}: u32`),
    ...fields(),
    '',
    methods().join('\n\n'),
    '}',
    '',
    '/** An empty batch. Unmanaged: free it with `destroy`. */',
    method('', 'export function newSpanBatch(): SpanBatch', [
      'const batch = changetype<SpanBatch>(zeroed(offsetof<SpanBatch>()))',
      ...make(),
      'batch.clear()',
      'return batch',
    ]),
  ].join('\n')
}

/** Source of the description of a batch for the host. */
export function descriptionSource(): string {
  return [
    "import { tell, tellDictionary, tellIds, tellPairs, tellTexts } from './exchange'",
    "import { SpanBatch } from './span-batch'",
    '',
    '/** Lists the contents and addresses of the columns, in the order in which the host reads them (decode/span-columns.ts). */',
    'export class Description {',
    method('', 'static tell(batch: SpanBatch): void', describe(), true),
    '}',
  ].join('\n')
}
