/** Providers with few regions. */
import type { ProviderRegions } from './cloud-region.ts'

const IBM: ProviderRegions = {
  provider: 'ibm_cloud',
  aliases: ['ibm', 'ibmcloud'],
  source: 'https://cloud.ibm.com/docs/overview?topic=overview-locations',
  regions: [
    ['au-syd', 'Sydney', 'AU-NSW'],
    ['br-sao', 'Sao Paulo', 'BR-CS'],
    ['ca-mon', 'Montreal', 'CA-QC'],
    ['ca-tor', 'Toronto', 'CA-ON'],
    ['eu-de', 'Frankfurt', 'DE'],
    ['eu-es', 'Madrid', 'ES'],
    ['eu-gb', 'London', 'GB'],
    ['in-che', 'Chennai', 'IN-SO'],
    ['jp-osa', 'Osaka', 'JP-KN'],
    ['jp-tok', 'Tokyo', 'JP-TK'],
    ['us-east', 'Washington DC', 'US-MIDA-PJM'],
    ['us-south', 'Dallas', 'US-TEX-ERCO'],
  ],
}

const DIGITALOCEAN: ProviderRegions = {
  provider: 'digitalocean',
  aliases: ['digital_ocean'],
  source: 'https://docs.digitalocean.com/platform/regional-availability/',
  regions: [
    ['ams2', 'Amsterdam', 'NL'],
    ['ams3', 'Amsterdam', 'NL'],
    ['atl1', 'Atlanta', 'US-SE-SOCO'],
    ['blr1', 'Bangalore', 'IN-SO'],
    ['fra1', 'Frankfurt', 'DE'],
    ['lon1', 'London', 'GB'],
    ['nyc1', 'New York City', 'US'],
    ['nyc2', 'New York City', 'US'],
    ['nyc3', 'New York City', 'US'],
    ['sfo1', 'San Francisco', 'US-CAL-CISO'],
    ['sfo2', 'San Francisco', 'US-CAL-CISO'],
    ['sfo3', 'San Francisco', 'US-CAL-CISO'],
    ['sgp1', 'Singapore', 'SG'],
    ['syd1', 'Sydney', 'AU-NSW'],
    ['tor1', 'Toronto', 'CA-ON'],
  ],
}

const HETZNER: ProviderRegions = {
  provider: 'hetzner',
  aliases: ['hcloud', 'hetzner_cloud'],
  source: 'https://docs.hetzner.com/cloud/general/locations/',
  regions: [
    ['ash', 'Ashburn, Virginia', 'US-MIDA-PJM'],
    ['fsn1', 'Falkenstein', 'DE'],
    ['hel1', 'Helsinki', 'FI'],
    ['hil', 'Hillsboro, Oregon', 'US-NW-PGE'],
    ['nbg1', 'Nuremberg', 'DE'],
    ['sin', 'Singapore', 'SG'],
  ],
}

const OVH: ProviderRegions = {
  provider: 'ovh',
  aliases: ['ovhcloud'],
  source: 'https://help.ovhcloud.com/csm/en-public-cloud-compute-regions-availability',
  regions: [
    ...siteRows('bhs', 'Beauharnois', 'CA-QC', ['1', '3', '5']),
    ...siteRows('de', 'Frankfurt', 'DE', ['1']),
    ...siteRows('gra', 'Gravelines', 'FR', ['1', '3', '5', '7', '9', '11']),
    ...siteRows('rbx', 'Roubaix', 'FR', ['-a']),
    ...siteRows('sbg', 'Strasbourg', 'FR', ['1', '3', '5', '7']),
    ...siteRows('sgp', 'Singapore', 'SG', ['1']),
    ...siteRows('syd', 'Sydney', 'AU-NSW', ['1']),
    ...siteRows('uk', 'London', 'GB', ['1']),
    ...siteRows('waw', 'Warsaw', 'PL', ['1']),
    ['ap-south-mum', 'Mumbai', 'IN-WE'],
    ['ca-east-tor', 'Toronto', 'CA-ON'],
    ['eu-south-mil', 'Milan', 'IT-NO'],
    ['eu-west-par', 'Paris', 'FR'],
    ['us-east-va', 'Vint Hill, Virginia', 'US-MIDA-PJM'],
    ['us-west-or', 'Hillsboro, Oregon', 'US-NW-PGE'],
  ],
}

const SCALEWAY: ProviderRegions = {
  provider: 'scaleway',
  aliases: [],
  source: 'https://www.scaleway.com/en/docs/account/reference-content/products-availability/',
  regions: [
    ['fr-par', 'Paris', 'FR'],
    ['it-mil', 'Milan', 'IT-NO'],
    ['nl-ams', 'Amsterdam', 'NL'],
    ['pl-waw', 'Warsaw', 'PL'],
  ],
}

/** A place with several regions: `gra`, `gra7`, `gra11`. */
function siteRows(site: string, location: string, zone: string, endings: readonly string[]) {
  return ['', ...endings].map(ending => [`${site}${ending}`, location, zone] as const)
}

/** IBM Cloud, DigitalOcean, Hetzner, OVHcloud and Scaleway. */
export const OTHERS: readonly ProviderRegions[] = [IBM, DIGITALOCEAN, HETZNER, OVH, SCALEWAY]
