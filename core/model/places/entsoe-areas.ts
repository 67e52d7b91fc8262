/** Areas of the ENTSO-E Transparency Platform by grid zone: energy identification codes (EIC, type Y). */

/** An EIC: sixteen characters, the last of which checks the others. */
export const EIC = /^\d\d[A-Z0-9][A-Z0-9-]{12}[A-Z0-9]$/

/** What `EIC` takes, in words. */
export const EIC_SHAPE = 'must be an EIC of 16 characters, such as 10YFR-RTE------C'

/** Where the generation of a zone is reported, and in which bidding zone it trades. */
export interface EntsoeArea {
  readonly generation: string
  readonly prices: string
}

/** Source: codes of areas in the API guide of the Transparency Platform, appendix A.15. */
const AREAS: Readonly<Record<string, string | EntsoeArea>> = {
  AL: '10YAL-KESH-----5',
  AT: '10YAT-APG------L',
  BA: '10YBA-JPCC-----D',
  BE: '10YBE----------2',
  BG: '10YCA-BULGARIA-R',
  CH: '10YCH-SWISSGRIDZ',
  CY: '10YCY-1001A0003J',
  CZ: '10YCZ-CEPS-----N',
  DE: { generation: '10Y1001A1001A83F', prices: '10Y1001A1001A82H' },
  'DK-DK1': '10YDK-1--------W',
  'DK-DK2': '10YDK-2--------M',
  EE: '10Y1001A1001A39I',
  ES: '10YES-REE------0',
  FI: '10YFI-1--------U',
  FR: '10YFR-RTE------C',
  GB: '10YGB----------A',
  GR: '10YGR-HTSO-----Y',
  HR: '10YHR-HEP------M',
  HU: '10YHU-MAVIR----U',
  IE: '10Y1001A1001A59C',
  'IT-CNO': '10Y1001A1001A70O',
  'IT-CSO': '10Y1001A1001A71M',
  'IT-NO': '10Y1001A1001A73I',
  'IT-SAR': '10Y1001A1001A74G',
  'IT-SIC': '10Y1001A1001A75E',
  'IT-SO': '10Y1001A1001A788',
  LT: '10YLT-1001A0008Q',
  LU: { generation: '10YLU-CEGEDEL-NQ', prices: '10Y1001A1001A82H' },
  LV: '10YLV-1001A00074',
  ME: '10YCS-CG-TSO---S',
  MK: '10YMK-MEPSO----8',
  NL: '10YNL----------L',
  'NO-NO1': '10YNO-1--------2',
  'NO-NO2': '10YNO-2--------T',
  'NO-NO3': '10YNO-3--------J',
  'NO-NO4': '10YNO-4--------9',
  'NO-NO5': '10Y1001A1001A48H',
  PL: '10YPL-AREA-----S',
  PT: '10YPT-REN------W',
  RO: '10YRO-TEL------P',
  RS: '10YCS-SERBIATSOV',
  'SE-SE1': '10Y1001A1001A44P',
  'SE-SE2': '10Y1001A1001A45N',
  'SE-SE3': '10Y1001A1001A46L',
  'SE-SE4': '10Y1001A1001A47J',
  SI: '10YSI-ELES-----O',
  SK: '10YSK-SEPS-----K',
  XK: '10Y1001C--00100H',
}

/** Zones whose areas are known. */
export const ENTSOE_ZONES: readonly string[] = Object.keys(AREAS)

/** The areas of a zone; null: not known. */
export function entsoeArea(zone: string): EntsoeArea | null {
  const area = AREAS[zone]
  if (area === undefined) return null
  return typeof area === 'string' ? { generation: area, prices: area } : area
}
