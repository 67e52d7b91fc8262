/** Grid zones by the names of Electricity Maps: countries by their ISO 3166 code, and parts of countries that are split. */

/** Parts of countries by country: the names of zones follow from them, `SE-SE3`. */
const SPLIT: Readonly<Record<string, string>> = {
  AU: 'NSW NT QLD SA TAS VIC WA',
  BR: 'CS N NE S',
  CA: 'AB BC MB NB NL-LB NL-NF NS NT NU ON PE QC SK YT',
  CL: 'CHP SEA SEM SEN',
  DK: 'BHM DK1 DK2',
  ES: 'CE CN-FV CN-GC CN-HI CN-IG CN-LP CN-LZ CN-TE IB-FO IB-IZ IB-MA IB-ME ML',
  FR: 'COR',
  GB: 'NIR ORK SHI',
  IN: 'AN EA HP NE NO SO UP UT WE',
  IT: 'CNO CSO NO SAR SIC SO',
  JP: 'CB CG HKD HR KN KY ON SK TH TK',
  MY: 'EM WM',
  NO: 'NO1 NO2 NO3 NO4 NO5',
  PH: 'LU MI VI',
  PT: 'AC MA',
  RU: '1 2 AS EU FE KGD',
  SE: 'SE1 SE2 SE3 SE4',
  US: `AK AK-SEAPA CAL-BANC CAL-CISO CAL-IID CAL-LDWP CAL-TIDC CAR-CPLE CAR-CPLW CAR-DUK CAR-SC CAR-SCEG CAR-YAD
    CENT-SPA CENT-SWPP FLA-FMPP FLA-FPC FLA-FPL FLA-GVL FLA-HST FLA-JEA FLA-NSB FLA-SEC FLA-TAL FLA-TEC HI MIDA-PJM
    MIDW-AECI MIDW-GLHB MIDW-LGEE MIDW-MISO NE-ISNE NW-AVA NW-BPAT NW-CHPD NW-DOPD NW-GCPD NW-GRID NW-GWA NW-IPCO
    NW-NEVP NW-NWMT NW-PACE NW-PACW NW-PGE NW-PSCO NW-PSEI NW-SCL NW-TPWR NW-WACM NW-WAUW NW-WWA NY-NYIS SE-SEPA
    SE-SOCO SW-AZPS SW-EPE SW-GRIF SW-HGMA SW-PNM SW-SRP SW-TEPC SW-WALC TEN-TVA TEX-ERCO`,
}

/** ISO 3166-1, two letters. */
const COUNTRIES = `AD AE AF AG AL AM AO AR AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BM BN BO BR BS BT BW BY BZ CA CD CF CG
  CH CI CL CM CN CO CR CU CV CW CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GH GI GL
  GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IQ IR IS IT JE JM JO JP KE KG KH KM KN KP KR KW KY KZ LA LB
  LC LI LK LR LS LT LU LV LY MA MC MD ME MG MK ML MM MN MO MQ MR MT MU MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NZ OM
  PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SI SK SL SM SN SO SR SS ST SV SY SZ TD TG
  TH TJ TL TM TN TO TR TT TW TZ UA UG US UY UZ VC VE VG VI VN VU WS XK YE YT ZA ZM ZW`

const words = (text: string): string[] => text.split(/\s+/)

/** Every zone that is known by name. Zones of other names may be configured and be given intensities all the same. */
export const GRID_ZONES: ReadonlySet<string> = new Set([
  ...words(COUNTRIES),
  ...Object.entries(SPLIT).flatMap(([country, parts]) => words(parts).map(part => `${country}-${part}`)),
])

/** The country of a part of it: `SE` for `SE-SE3`; null for what is no part of a country. */
export function countryOf(zone: string): string | null {
  const [, country] = /^([A-Z]{2})-./.exec(zone) ?? []
  return country ?? null
}
