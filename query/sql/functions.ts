/**
 * The functions that client SQL may call, by theme. Everything else is refused: the engine has functions that read
 * files, open network connections, sleep, name tables in literals (`joinGet`, `dictGet`) or describe the machine, and
 * each release adds some. Regular expression sets (`multiMatch...`) are omitted too, since compiling one cannot be
 * cancelled. A test checks that every name here exists in the engine.
 */
const namesIn = (text: string): readonly string[] => text.trim().split(/\s+/)

const OPERATORS = namesIn(`
  and or not xor equals notEquals less greater lessOrEquals greaterOrEquals isDistinctFrom isNotDistinctFrom
  plus minus multiply divide modulo negate intDiv intDivOrZero intDivOrNull moduloOrZero moduloOrNull positiveModulo
  divideOrNull divideDecimal multiplyDecimal in notIn globalIn globalNotIn nullIn notNullIn like notLike ilike notILike
  exists tuple tupleElement array arrayElement map lambda cast _CAST if multiIf caseWithExpression ifNull nullIf
  coalesce isNull isNotNull isZeroOrNull assumeNotNull toNullable is_null greatest least identity materialize
  ignore transform clamp indexHint grouping`)

const MATHS = namesIn(`
  abs sign sqrt cbrt exp exp2 exp10 intExp2 intExp10 log log2 log10 log1p pow sqr round roundBankers roundDown
  roundToExp2 roundDuration roundAge floor ceil trunc sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh
  hypot degrees radians pi e erf erfc lgamma tgamma gcd lcm factorial sigmoid max2 min2 avg2 midpoint isFinite
  isInfinite isNaN ifNotFinite widthBucket bar bin unbin hex unhex bitAnd bitOr bitXor bitNot bitShiftLeft
  bitShiftRight bitRotateLeft bitRotateRight bitTest bitTestAny bitTestAll bitCount bitSlice byteSwap countDigits
  isDecimalOverflow isPrime rand rand64 randCanonical randUniform randNormal randExponential randPoisson
  randBernoulli`)

const CONVERSIONS = namesIn(`
  accurateCast accurateCastOrNull accurateCastOrDefault toBool toInt8 toInt16 toInt32 toInt64 toInt128 toInt256 toUInt8
  toUInt16 toUInt32 toUInt64 toUInt128 toUInt256 toFloat32 toFloat64 toInt8OrZero toInt16OrZero toInt32OrZero
  toInt64OrZero toInt128OrZero toUInt8OrZero toUInt16OrZero toUInt32OrZero toUInt64OrZero toFloat32OrZero
  toFloat64OrZero toInt8OrNull toInt16OrNull toInt32OrNull toInt64OrNull toInt128OrNull toUInt8OrNull toUInt16OrNull
  toUInt32OrNull toUInt64OrNull toFloat32OrNull toFloat64OrNull toInt8OrDefault toInt16OrDefault toInt32OrDefault
  toInt64OrDefault toUInt8OrDefault toUInt16OrDefault toUInt32OrDefault toUInt64OrDefault toFloat32OrDefault
  toFloat64OrDefault toDecimal32 toDecimal64 toDecimal128 toDecimal256 toDecimal32OrNull toDecimal64OrNull
  toDecimal128OrNull toDecimal32OrZero toDecimal64OrZero toDecimal128OrZero toDecimalString toString toFixedString
  toStringCutToZero toUUID toUUIDOrNull toUUIDOrZero toIPv4 toIPv4OrNull toIPv6 toIPv6OrNull toLowCardinality toTypeName
  toColumnTypeName toJSONString defaultValueOfArgumentType reinterpretAsUInt8 reinterpretAsUInt16 reinterpretAsUInt32
  reinterpretAsUInt64 reinterpretAsInt8 reinterpretAsInt16 reinterpretAsInt32 reinterpretAsInt64 reinterpretAsFloat32
  reinterpretAsFloat64 reinterpretAsString byteSize formatReadableSize formatReadableDecimalSize formatReadableQuantity
  formatReadableTimeDelta parseReadableSize parseReadableSizeOrNull parseTimeDelta getSubcolumn`)

const DATES = namesIn(`
  now now64 nowInBlock today yesterday timezone timezoneOf timezoneOffset toTimezone toDate toDate32 toDateTime
  toDateTime32 toDateTime64 toDateOrNull toDateOrZero toDateOrDefault toDateTimeOrNull toDateTimeOrZero
  toDateTimeOrDefault toDateTime64OrNull toDateTime64OrZero toDateTime64OrDefault toDate32OrNull toDate32OrZero toTime
  toTimeWithFixedDate toYear toQuarter toMonth toDayOfYear toDayOfMonth toDayOfWeek toDaysInMonth toHour toMinute
  toSecond toMillisecond toMicrosecond toNanosecond toUnixTimestamp toUnixTimestamp64Second toUnixTimestamp64Milli
  toUnixTimestamp64Micro toUnixTimestamp64Nano fromUnixTimestamp fromUnixTimestamp64Second fromUnixTimestamp64Milli
  fromUnixTimestamp64Micro fromUnixTimestamp64Nano fromUnixTimestampInJodaSyntax toStartOfYear toStartOfISOYear
  toStartOfQuarter toStartOfMonth toStartOfWeek toStartOfDay toStartOfHour toStartOfMinute toStartOfSecond
  toStartOfMillisecond toStartOfMicrosecond toStartOfNanosecond toStartOfFiveMinutes toStartOfTenMinutes
  toStartOfFifteenMinutes toStartOfInterval toLastDayOfMonth toLastDayOfWeek toMonday timeSlot timeSlots toYYYYMM
  toYYYYMMDD toYYYYMMDDhhmmss YYYYMMDDToDate YYYYMMDDhhmmssToDateTime toISOWeek toISOYear toWeek toYearWeek
  toRelativeYearNum toRelativeQuarterNum toRelativeMonthNum toRelativeWeekNum toRelativeDayNum toRelativeHourNum
  toRelativeMinuteNum toRelativeSecondNum toDaysSinceYearZero fromDaysSinceYearZero toModifiedJulianDay
  fromModifiedJulianDay age dateDiff dateTrunc dateName monthName timeDiff timestamp date makeDate makeDate32
  makeDateTime makeDateTime64 changeYear changeMonth changeDay changeHour changeMinute changeSecond addDate subDate
  addInterval subtractInterval addTupleOfIntervals subtractTupleOfIntervals addYears addQuarters addMonths addWeeks
  addDays addHours addMinutes addSeconds addMilliseconds addMicroseconds addNanoseconds subtractYears subtractQuarters
  subtractMonths subtractWeeks subtractDays subtractHours subtractMinutes subtractSeconds subtractMilliseconds
  subtractMicroseconds subtractNanoseconds toInterval toIntervalYear toIntervalQuarter toIntervalMonth toIntervalWeek
  toIntervalDay toIntervalHour toIntervalMinute toIntervalSecond toIntervalMillisecond toIntervalMicrosecond
  toIntervalNanosecond formatDateTime formatDateTimeInJodaSyntax parseDateTime parseDateTimeOrNull parseDateTimeOrZero
  parseDateTime64 parseDateTimeBestEffort parseDateTimeBestEffortOrNull parseDateTimeBestEffortOrZero
  parseDateTimeBestEffortUS parseDateTime64BestEffort parseDateTime64BestEffortOrNull parseDateTime64BestEffortOrZero
  parseDateTime32BestEffort parseDateTime32BestEffortOrNull parseDateTimeInJodaSyntax toUTCTimestamp fromUTCTimestamp
  UTCTimestamp tumble tumbleStart tumbleEnd hop hopStart hopEnd UUIDv7ToDateTime generateUUIDv4 generateUUIDv7`)

const STRINGS = namesIn(`
  length lengthUTF8 empty notEmpty lower upper lowerUTF8 upperUTF8 initcap initcapUTF8 reverse reverseUTF8 concat
  concatWithSeparator concatAssumeInjective substring substringUTF8 substringIndex substringIndexUTF8 left right leftUTF8
  rightUTF8 leftPad rightPad leftPadUTF8 rightPadUTF8 trimBoth trimLeft trimRight repeat space appendTrailingCharIfAbsent
  position positionCaseInsensitive positionUTF8 positionCaseInsensitiveUTF8 locate startsWith endsWith startsWithUTF8
  endsWithUTF8 startsWithCaseInsensitive endsWithCaseInsensitive match extract extractAll extractGroups
  extractAllGroupsVertical extractAllGroupsHorizontal regexpExtract regexpQuoteMeta replaceOne replaceAll
  replaceRegexpOne replaceRegexpAll countMatches countMatchesCaseInsensitive countSubstrings
  countSubstringsCaseInsensitive hasToken hasTokenOrNull hasTokenCaseInsensitive hasAnyTokens hasAllTokens
  hasSubsequence hasSubsequenceCaseInsensitive multiSearchAny multiSearchAnyCaseInsensitive multiSearchFirstIndex
  multiSearchFirstPosition multiSearchAllPositions splitByChar splitByString splitByRegexp splitByWhitespace
  splitByNonAlpha alphaTokens tokens ngrams format ascii char soundex translate translateUTF8 overlay
  isValidUTF8 toValidUTF8 isValidASCII firstLine compareSubstrings editDistance damerauLevenshteinDistance
  jaroSimilarity jaroWinklerSimilarity ngramDistance ngramSearch stringJaccardIndex extractKeyValuePairs
  extractKeyValuePairsWithEscaping base58Encode base58Decode base64Encode base64Decode tryBase64Decode base64URLEncode
  base64URLDecode encodeURLComponent decodeURLComponent encodeXMLComponent decodeXMLComponent decodeHTMLComponent
  basename protocol domain domainWithoutWWW topLevelDomain firstSignificantSubdomain cutToFirstSignificantSubdomain
  port path pathFull queryString fragment queryStringAndFragment extractURLParameter extractURLParameters
  extractURLParameterNames cutURLParameter cutQueryString cutFragment
  cutQueryStringAndFragment cutWWW netloc normalizeQuery normalizedQueryHash normalizeUTF8NFC normalizeUTF8NFD
  removeDiacriticsUTF8 naturalSortKey IPv4NumToString IPv4StringToNum IPv4StringToNumOrNull IPv6NumToString
  IPv6StringToNum IPv4ToIPv6 IPv4CIDRToRange IPv6CIDRToRange isIPv4String isIPv6String isIPAddressInRange cutIPv6
  JSONHas JSONLength JSONType JSONKey JSONExtract JSONExtractString JSONExtractInt JSONExtractUInt JSONExtractFloat
  JSONExtractBool JSONExtractRaw JSONExtractArrayRaw JSONExtractKeys JSONExtractKeysAndValues
  JSONExtractKeysAndValuesRaw JSONArrayLength JSON_VALUE JSON_QUERY JSON_EXISTS isValidJSON simpleJSONHas
  simpleJSONExtractString simpleJSONExtractInt simpleJSONExtractUInt simpleJSONExtractFloat simpleJSONExtractBool
  simpleJSONExtractRaw UUIDStringToNum UUIDNumToString MACNumToString MACStringToNum`)

const HASHES = namesIn(`
  cityHash64 farmHash64 sipHash64 sipHash128 xxHash32 xxHash64 xxh3 murmurHash2_32 murmurHash2_64 murmurHash3_32
  murmurHash3_64 murmurHash3_128 halfMD5 intHash32 intHash64 javaHash MD5 SHA1 SHA224 SHA256 SHA512 CRC32 CRC32IEEE
  CRC64 wyHash64 jumpConsistentHash`)

const ARRAYS = namesIn(`
  arrayJoin arrayConcat arrayCount arraySum arrayAvg arrayMin arrayMax arrayProduct arrayMap arrayFilter arrayExists
  arrayAll arrayFirst arrayFirstIndex arrayFirstOrNull arrayLast arrayLastIndex arrayLastOrNull arraySort
  arrayReverseSort arrayPartialSort arrayPartialReverseSort arrayReverse arraySlice arrayPushBack arrayPushFront
  arrayPopBack arrayPopFront arrayResize arrayDistinct arrayUniq arrayCompact arrayFlatten arrayZip arrayZipUnaligned
  arrayEnumerate arrayEnumerateDense arrayEnumerateUniq arrayDifference arrayCumSum arrayCumSumNonNegative
  arrayIntersect arrayUnion arrayExcept arraySymmetricDifference arrayStringConcat arrayElementOrNull arrayFill
  arrayReverseFill arraySplit arrayReverseSplit arrayFold arrayReduce arrayReduceInRanges arrayRotateLeft
  arrayRotateRight arrayShiftLeft arrayShiftRight arrayWithConstant arrayDotProduct arrayJaccardIndex arrayRemove
  emptyArrayString emptyArrayUInt8 emptyArrayUInt64 emptyArrayInt64 emptyArrayFloat64 emptyArrayToSingle has hasAll
  hasAny hasSubstr indexOf indexOfAssumeSorted countEqual range dotProduct cosineDistance L1Distance L2Distance L1Norm
  L2Norm tupleConcat tuplePlus tupleMinus tupleMultiply tupleDivide tupleNames tupleToNameValuePairs flattenTuple
  mapKeys mapValues mapContainsKey mapContainsValue mapContainsKeyLike mapExtractKeyLike mapApply mapFilter mapUpdate
  mapConcat mapExists mapAll mapSort mapReverseSort mapAdd mapSubtract mapPopulateSeries mapFromArrays`)

const WINDOWS = namesIn(`
  row_number rank denseRank percentRank ntile lag lead lagInFrame leadInFrame nth_value first_value last_value
  nonNegativeDerivative runningDifference rowNumberInBlock rowNumberInAllBlocks
  seriesOutliersDetectTukey timeSeriesRange timeSeriesFromGrid`)

const PLACES = namesIn(`
  greatCircleDistance geoDistance greatCircleAngle pointInEllipses pointInPolygon geohashEncode geohashDecode geoToH3
  h3ToGeo`)

/**
 * Functions that clients call to identify the server, and that are safe to answer. `displayName` is omitted: it is the
 * machine's name.
 */
const SERVER = namesIn(`version revision currentDatabase serverTimezone currentUser`)

/** Aggregates before combinators (`If`, `Array`, `State`, ...). */
const AGGREGATES = namesIn(`
  count countDistinct sum sumKahan sumWithOverflow sumCount avg avgWeighted min max any anyLast any_value anyHeavy first_value last_value argMin argMax
  singleValueOrNull groupArray groupArraySorted groupArrayLast groupArraySample groupArrayMovingSum groupArrayMovingAvg
  groupArrayIntersect groupArrayInsertAt groupUniqArray groupConcat groupBitAnd groupBitOr groupBitXor groupBitmap uniq
  uniqExact uniqCombined uniqCombined64 uniqHLL12 uniqUpTo quantile quantiles quantileExact quantilesExact
  quantileExactLow quantileExactHigh quantileExactInclusive quantilesExactInclusive quantileExactExclusive
  quantilesExactExclusive quantileExactWeighted quantilesExactWeighted quantileTDigest quantilesTDigest
  quantileTDigestWeighted quantilesTDigestWeighted quantileTiming quantilesTiming quantileTimingWeighted
  quantileDeterministic quantilesDeterministic quantileBFloat16 quantilesBFloat16 quantileDD quantilesDD quantileGK
  quantilesGK quantileInterpolatedWeighted quantilesInterpolatedWeighted quantilePrometheusHistogram
  quantilesPrometheusHistogram median medianExact medianTDigest medianTiming topK topKWeighted approx_top_k
  approx_top_sum approx_top_count varPop varSamp stddevPop stddevSamp varPopStable varSampStable stddevPopStable
  stddevSampStable covarPop covarSamp corr skewPop skewSamp kurtPop kurtSamp entropy simpleLinearRegression
  exponentialMovingAverage exponentialTimeDecayedAvg exponentialTimeDecayedSum exponentialTimeDecayedMax
  exponentialTimeDecayedCount histogram deltaSum deltaSumTimestamp boundingRatio intervalLengthSum maxIntersections
  maxIntersectionsPosition sequenceMatch sequenceCount sequenceNextNode windowFunnel retention sparkbar
  largestTriangleThreeBuckets contingency cramersV rankCorr mannWhitneyUTest studentTTest welchTTest
  kolmogorovSmirnovTest timeSeriesRateToGrid timeSeriesIncreaseToGrid timeSeriesDeltaToGrid timeSeriesDerivToGrid
  timeSeriesInstantRateToGrid timeSeriesInstantDeltaToGrid timeSeriesResampleToGridWithStaleness timeSeriesChangesToGrid
  timeSeriesResetsToGrid timeSeriesPredictLinearToGrid timeSeriesGroupArray`)

/** Other names of the above that the engine's formatter leaves unchanged. */
const ALIASES = namesIn(`
  ceiling ln power mod substr mid lcase ucase char_length character_length octet_length cardinality concat_ws trim ltrim
  rtrim lpad rpad replace instr date_diff datediff timestampDiff timestamp_diff date_trunc date_format date_bin
  time_bucket curdate current_date current_timestamp current_database database schema localtimestamp day month year
  hour minute second quarter week yearweek dayofmonth dayofweek dayofyear last_day from_unixtime to_unixtime timeZone
  timeZoneOf timeZoneOffset toTimeZone serverTimeZone toStartOfFiveMinute mapContains mapFromString str_to_map array_agg
  string_agg group_concat std stddev stddev_pop stddev_samp var_pop var_samp covar_pop covar_samp bit_and bit_or bit_xor
  dense_rank percent_rank min_by max_by flatten unnest array_to_string array_concat_agg levenshteinDistance
  splitByAlpha truncate width_bucket visitParamExtractString visitParamExtractInt visitParamExtractUInt
  visitParamExtractFloat visitParamExtractBool visitParamExtractRaw visitParamHas regexp_replace regexp_extract
  regexp_matches regexp_substr to_base64 from_base64 firstValueRespectNulls lastValueRespectNulls anyRespectNulls
  any_respect_nulls anyLast_respect_nulls first_value_respect_nulls last_value_respect_nulls format_bytes lttb
  substring_index str_to_date byteSlice scalarProduct`)

/** Without those that make or use states: a state is raw memory. */
const COMBINATORS = /(ForEach|Distinct|OrDefault|OrNull|Resample|ArgMin|ArgMax|Array|Map|Tuple|If)$/

const lowered = (...lists: readonly (readonly string[])[]): ReadonlySet<string> =>
  new Set(lists.flat().map(name => name.toLowerCase()))

const PLAIN = lowered(
  OPERATORS,
  MATHS,
  CONVERSIONS,
  DATES,
  STRINGS,
  HASHES,
  ARRAYS,
  WINDOWS,
  PLACES,
  SERVER,
  ALIASES,
)
const AGGREGATE = lowered(AGGREGATES, ALIASES)

/**
 * Names, for the test that checks whether the engine has them, and for the one that calls each with hostile arguments.
 */
export const ORDINARY_FUNCTIONS: readonly string[] = [
  ...new Set([
    ...OPERATORS,
    ...MATHS,
    ...CONVERSIONS,
    ...DATES,
    ...STRINGS,
    ...HASHES,
    ...ARRAYS,
    ...WINDOWS,
    ...PLACES,
    ...SERVER,
    ...ALIASES,
  ]),
]
/** The same for aggregate functions. */
export const AGGREGATE_FUNCTIONS: readonly string[] = [...new Set([...AGGREGATES, ...ALIASES])]

/** Table functions that read nothing: number ranges and literal rows. */
export const TABLE_FUNCTIONS: ReadonlySet<string> = lowered(
  namesIn('numbers generate_series generateSeries values'),
)

/** Whether clients may call it. Case is ignored, because functions differ only in case where SQL requires it. */
export const isAllowedFunction = (name: string): boolean =>
  PLAIN.has(name.toLowerCase()) || isAllowedAggregate(name)

/** An aggregate may have several combinators: sumIfOrNull, quantilesTDigestArrayIf. */
export function isAllowedAggregate(name: string): boolean {
  let base = name
  for (let depth = 0; depth < 5; depth++) {
    if (AGGREGATE.has(base.toLowerCase())) return true
    const shorter = base.replace(COMBINATORS, '')
    if (shorter === base) return false
    base = shorter
  }
  return false
}
