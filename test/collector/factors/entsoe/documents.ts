/** Documents of the ENTSO-E Transparency Platform in the shape in which it sends them. */

export interface SentSeries {
  readonly type?: string
  readonly curve?: 'A01' | 'A03'
  readonly out?: true
  readonly more?: string
  readonly periods: readonly SentPeriod[]
}

export interface SentPeriod {
  readonly start: string
  readonly end: string
  readonly resolution: string
  /** By position. */
  readonly points: Readonly<Record<number, string>>
}

const period = ({ start, end, resolution, points }: SentPeriod, value: string): string => `
      <Period>
        <timeInterval><start>${start}</start><end>${end}</end></timeInterval>
        <resolution>${resolution}</resolution>
        ${Object.entries(points)
          .map(
            ([position, amount]) =>
              `<Point><position>${position}</position><${value}>${amount}</${value}></Point>`,
          )
          .join('\n        ')}
      </Period>`

/** Actual generation per production type. */
export const generationDocument = (
  series: readonly SentSeries[],
): string => `<?xml version="1.0" encoding="utf-8"?>
<GL_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-6:generationloaddocument:3:0">
  <mRID>f1</mRID><revisionNumber>1</revisionNumber><type>A75</type><process.processType>A16</process.processType>
  <createdDateTime>2026-11-30T12:05:00Z</createdDateTime>${series
    .map(
      ({ type, curve = 'A03', out, periods }, index) => `
  <TimeSeries>
    <mRID>${index + 1}</mRID><businessType>A01</businessType><objectAggregation>A08</objectAggregation>
    <${out ? 'out' : 'in'}BiddingZone_Domain.mRID codingScheme="A01">10YFR-RTE------C</${out ? 'out' : 'in'}BiddingZone_Domain.mRID>
    <quantity_Measure_Unit.name>MAW</quantity_Measure_Unit.name><curveType>${curve}</curveType>
    <MktPSRType><psrType>${type}</psrType></MktPSRType>${periods.map(one => period(one, 'quantity')).join('')}
  </TimeSeries>`,
    )
    .join('')}
</GL_MarketDocument>`

/** Day-ahead prices. */
export const priceDocument = (
  series: readonly SentSeries[],
): string => `<?xml version="1.0" encoding="utf-8"?>
<Publication_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3">
  <mRID>p1</mRID><revisionNumber>1</revisionNumber><type>A44</type>
  <createdDateTime>2026-11-30T12:05:00Z</createdDateTime>${series
    .map(
      ({ curve = 'A03', more = '', periods }, index) => `
  <TimeSeries>
    <mRID>${index + 1}</mRID><auction.type>A01</auction.type><businessType>A62</businessType>
    <in_Domain.mRID codingScheme="A01">10YFR-RTE------C</in_Domain.mRID>
    <out_Domain.mRID codingScheme="A01">10YFR-RTE------C</out_Domain.mRID>
    ${more.includes('contract_MarketAgreement') ? '' : '<contract_MarketAgreement.type>A01</contract_MarketAgreement.type>'}
    ${more.includes('currency_Unit') ? '' : '<currency_Unit.name>EUR</currency_Unit.name>'}
    <price_Measure_Unit.name>MWH</price_Measure_Unit.name>
    ${more}<curveType>${curve}</curveType>${periods.map(one => period(one, 'price.amount')).join('')}
  </TimeSeries>`,
    )
    .join('')}
</Publication_MarketDocument>`

/** No data, or a question that is refused. */
export const acknowledgement = (code: string, text: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<Acknowledgement_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:7:0">
  <mRID>a1</mRID><createdDateTime>2026-11-30T12:05:00Z</createdDateTime>
  <sender_MarketParticipant.mRID codingScheme="A01">10X1001A1001A450</sender_MarketParticipant.mRID>
  <Reason><code>${code}</code><text>${text}</text></Reason>
</Acknowledgement_MarketDocument>`
