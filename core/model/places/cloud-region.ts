/** How the regions of one cloud provider are listed: see cloud-regions.ts. */
export interface ProviderRegions {
  /** As OpenTelemetry writes it in `cloud.provider`, where it has a name for it. */
  readonly provider: string
  /** Other ways in which people write it. */
  readonly aliases: readonly string[]
  /** Where the provider says which regions there are and where they are. */
  readonly source: string
  readonly regions: readonly CloudRegionRow[]
}

/**
 * Name of the region in lower case, where it is, and the grid zone of that place as Electricity Maps names it. A country
 * alone stands for a place whose zone within the country is not certain.
 */
export type CloudRegionRow = readonly [region: string, location: string, zone: string]
