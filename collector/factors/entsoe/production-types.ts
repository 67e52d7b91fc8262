/**
 * What a kWh of each production type emits over the life cycle of the plant, gCO2e.
 *
 * IPCC AR5 WG3, Annex III (2014), table A.III.2, medians, where it has the type. It has one value for coal, which stands for
 * lignite, peat and oil shale as well, and none for oil, waste and the rest: these are the defaults of Electricity Maps
 * (github.com/electricitymaps/electricitymaps-contrib, config/defaults.yaml).
 */
export const EMISSION_SOURCE = 'IPCC AR5 WG3 Annex III medians'

interface ProductionType {
  readonly name: string
  /** Null: what is stored was generated before, and counted then. */
  readonly gramsPerKwh: bigint | null
}

const COAL = 820n
const GAS = 490n
const BIOMASS = 230n
const HYDRO = 24n

/** By the code of the platform (`psrType`). */
export const PRODUCTION_TYPES: Readonly<Record<string, ProductionType>> = {
  B01: { name: 'biomass', gramsPerKwh: BIOMASS },
  B02: { name: 'lignite', gramsPerKwh: COAL },
  B03: { name: 'coal-derived gas', gramsPerKwh: GAS },
  B04: { name: 'gas', gramsPerKwh: GAS },
  B05: { name: 'hard coal', gramsPerKwh: COAL },
  B06: { name: 'oil', gramsPerKwh: 650n },
  B07: { name: 'oil shale', gramsPerKwh: COAL },
  B08: { name: 'peat', gramsPerKwh: COAL },
  B09: { name: 'geothermal', gramsPerKwh: 38n },
  B10: { name: 'pumped storage', gramsPerKwh: null },
  B11: { name: 'run-of-river hydro', gramsPerKwh: HYDRO },
  B12: { name: 'reservoir hydro', gramsPerKwh: HYDRO },
  B13: { name: 'marine', gramsPerKwh: 17n },
  B14: { name: 'nuclear', gramsPerKwh: 12n },
  // Renewable, but of what kind is not said: as biomass, which emits most of them.
  B15: { name: 'other renewable', gramsPerKwh: BIOMASS },
  B16: { name: 'solar', gramsPerKwh: 45n },
  B17: { name: 'waste', gramsPerKwh: BIOMASS },
  B18: { name: 'offshore wind', gramsPerKwh: 12n },
  B19: { name: 'onshore wind', gramsPerKwh: 11n },
  B20: { name: 'other', gramsPerKwh: 700n },
  B25: { name: 'energy storage', gramsPerKwh: null },
}
