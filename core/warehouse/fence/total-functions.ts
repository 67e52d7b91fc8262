import { type SqlToken, sqlTokens } from './sql-tokens.ts'

/**
 * Functions that never fail, whatever the column value, and whose result is about as large as their arguments. A
 * statement that calls only these may be computed for rows that its caller may not see, as the engine does in two
 * places (docs/adr/0031-row-policies.md): the caller cannot notice. `test/hostile/total-functions.test.ts` tests each
 * with hostile values.
 */
const listed = (text: string): readonly string[] => text.trim().split(/\s+/)

const TOTAL: ReadonlySet<string> = new Set(
  listed(`
  and or not xor if multiif coalesce ifnull nullif assumenotnull isnull isnotnull tuple array map abs least greatest
  count countif sum sumif avg avgif min minif max maxif any anyif anylast anylastif uniq uniqif uniqexact uniqexactif
  uniqcombined argmin argmax argminif argmaxif quantile quantiles quantileif quantileexact quantilesexact quantiletdigest
  quantilestdigest median stddevpop stddevsamp varpop varsamp grouparray grouparrayif groupuniqarray groupuniqarrayif topk
  lower upper lowerutf8 upperutf8 length lengthutf8 empty notempty concat startswith endswith position
  positioncaseinsensitive trimleft trimright trimboth reverse tostring
  tostartofinterval tostartofhour tostartofday tostartofminute tostartoffiveminutes tostartoftenminutes
  tostartoffifteenminutes tostartofweek tostartofmonth tostartofquarter tostartofyear tomonday tohour tominute tosecond
  toyear tomonth todayofmonth toyyyymm now today yesterday datediff
  mapkeys mapvalues mapcontains mapcontainskey has hasany hasall arrayjoin arraymap arrayfilter arrayexists arraycount
  arraydistinct arraysort arrayconcat arrayfirst indexof cityhash64 siphash64
  row_number rank dense_rank lag lead laginframe leadinframe first_value last_value
  toint64orzero touint64orzero tofloat64orzero toint64ornull touint64ornull tofloat64ornull`),
)
/** Their names in lower case, for that test. */
export const TOTAL_FUNCTIONS: readonly string[] = [...TOTAL]
/** Words before parentheses that are not functions. */
const KEYWORDS: ReadonlySet<string> = new Set(
  listed(
    'distinct on over by using values as union all intersect except select from where having exists and or not then when else',
  ),
)
/** Functions whose further arguments can fail. */
const OF_ONE: ReadonlySet<string> = new Set(['tostring'])
/** Never negative, and small enough that no time overflows. */
const SMALL_NUMBER = /^\d{1,9}$/

/** Whether a statement, as the engine prints it, calls nothing that can fail on a column value. */
export function isTotal(sql: string): boolean {
  const all = sqlTokens(sql)
  return all.every((token, at) => (token.kind === 'name' ? isTotalName(all, at) : isTotalSign(all, at)))
}

/** A remainder fails on 0. Adding to a time can overflow, except for a small literal. */
function isTotalSign(all: readonly SqlToken[], at: number): boolean {
  const { text } = all[at]!
  if (text === '%') return false
  if (text !== '+' && text !== '-') return true
  const next = all[at + 1]
  return (
    (next?.kind === 'number' && SMALL_NUMBER.test(next.text)) ||
    (next !== undefined && /^toInterval[A-Z]/.test(next.text) && isConstant(all, at + 2))
  )
}

function isTotalName(all: readonly SqlToken[], at: number): boolean {
  const name = all[at]!.name.toLowerCase()
  const next = all[at + 1]
  if (name === 'like' || name === 'ilike') return next?.kind === 'text'
  if (name === 'in') return next?.text === '(' && (all[at + 2]?.text === 'SELECT' || isConstant(all, at + 1))
  if (next?.text !== '(' || (KEYWORDS.has(name) && all[at]!.kind === 'name' && !/^[`"]/.test(all[at]!.text)))
    return true
  if (isConstant(all, at + 1)) return true
  return TOTAL.has(name) && !(OF_ONE.has(name) && hasComma(all, at + 1))
}

/** Whether these parentheses contain more than one argument. */
function hasComma(all: readonly SqlToken[], open: number): boolean {
  for (let at = open, depth = 0; at < all.length; at += 1) {
    const { text } = all[at]!
    if (text === '(' || text === '[') depth += 1
    else if (text === ')' || text === ']') depth -= 1
    else if (text === ',' && depth === 1) return true
    if (depth === 0) return false
  }
  return false
}

/** Whether everything in these parentheses is a literal, so that the result is the same for every row. */
function isConstant(all: readonly SqlToken[], open: number): boolean {
  for (let index = open, depth = 0; index < all.length; index += 1) {
    const token = all[index]!
    if (token.text === '(') depth += 1
    else if (token.text === ')') depth -= 1
    else if (token.kind === 'name' && all[index + 1]?.text !== '(') return false
    if (depth === 0) return true
  }
  return false
}
