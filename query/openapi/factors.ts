/** Operations on factors and prices, and what they foretell. */
import { count, member, needed, neededMember, type Operation, oneOf, text } from './operation.ts'

const ZONE = text('Grid zone, such as DE')
const WINDOW = text('Duration that ends now, or FROM,TO')
const KIND = oneOf('Kind of intensity', 'average', 'marginal', 'market')
const emissions = (name: string): Operation => ({
  summary: 'Intensity of places, as the Carbon Aware SDK answers it',
  query: { [name]: needed('Zones'), time: text('Start, ISO 8601'), toTime: text('End, ISO 8601') },
})

/** By method and path. */
export const FACTOR_OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /api/v1/factors': { summary: 'Series that are set' },
  'GET /api/v1/factors/rows': {
    summary: 'Values of a series as rows of CSV',
    query: { what: oneOf('Series', 'intensity', 'spot', 'pue'), zone: ZONE, window: WINDOW },
    answer: 'FactorRowsAnswer',
  },
  'POST /api/v1/factors/files': {
    summary: 'Applies a file of factors',
    body: { name: neededMember('string', 'Name with its ending'), text: neededMember('string', 'Contents') },
    answer: 'FactorsPutAnswer',
  },
  'GET /api/v1/factors/intensity': {
    summary: 'Grams of CO2e per kWh of a zone',
    query: { zone: ZONE, kind: KIND, window: WINDOW },
    answer: 'IntensityAnswer',
  },
  'PUT /api/v1/factors/intensity': {
    summary: 'Sets values of a zone',
    body: { zone: neededMember('string', 'Grid zone'), values: neededMember('array', 'Values by time') },
    answer: 'IntensityPutAnswer',
  },
  'GET /api/v1/factors/pue': {
    summary: 'PUE of a site or zone by time',
    query: { site: text('Site'), zone: ZONE, window: WINDOW },
    answer: 'PueAnswer',
  },
  'PUT /api/v1/factors/pue': {
    summary: 'Sets PUE',
    body: { values: neededMember('array', 'Values by time') },
  },
  'GET /api/v1/factors/embodied': { summary: 'Embodied emissions by type of host', answer: 'EmbodiedAnswer' },
  'PUT /api/v1/factors/embodied': {
    summary: 'Sets embodied emissions of a type of host',
    body: { type: neededMember('string', 'Type of host') },
  },
  'DELETE /api/v1/factors/embodied/:type': { summary: 'Ends those of a type', answer: 'ChangedAnswer' },
  'GET /api/v1/tariffs': { summary: 'Price lists', answer: 'TariffsAnswer' },
  'PUT /api/v1/tariffs': {
    summary: 'Puts a price list in force',
    body: { name: neededMember('string', 'Name of the list'), tenant: member('string', 'For one tenant') },
    answer: 'TariffPutAnswer',
  },
  'DELETE /api/v1/tariffs/:name': {
    summary: 'Ends a price list',
    query: { tenant: text('Of one tenant') },
    answer: 'ChangedAnswer',
  },
  'GET /api/v1/tariffs/effective': {
    summary: 'Prices in force, period by period',
    query: { account: text('Account'), zone: ZONE, window: WINDOW },
    answer: 'EffectivePricesAnswer',
  },
  'GET /api/v1/tariffs/spot': {
    summary: 'Spot prices of a zone',
    query: { zone: ZONE, currency: text('Currency'), window: WINDOW },
    answer: 'SpotPricesAnswer',
  },
  'PUT /api/v1/tariffs/spot': {
    summary: 'Sets spot prices of a zone',
    body: { zone: neededMember('string', 'Grid zone'), values: neededMember('array', 'Prices by time') },
    answer: 'SpotPutAnswer',
  },
  'GET /api/v1/intensity': {
    summary: 'Past, current and expected intensity of zones',
    query: {
      zone: ZONE,
      kind: KIND,
      back: text('How far back, such as 1h'),
      ahead: text('How far ahead, such as 24h'),
    },
    answer: 'IntensityOutlookAnswer',
  },
  'GET /api/v1/intensity/best-window': {
    summary: 'When, and where, a job runs best',
    query: {
      duration: needed('How long the job takes, such as 2h'),
      power: text('What it draws, such as 300W'),
      deadline: text('When it must have ended: a time, or a duration from now'),
      not_before: text('When it may begin'),
      objective: text('What is least: carbon, or cost'),
      carbon_price: text('Price of a tonne of CO2e'),
      currency: text('Currency'),
      account: text('Whose prices'),
      zone: ZONE,
      kind: KIND,
      step: text('Distance of the windows that are compared'),
    },
    answer: 'BestWindowAnswer',
  },
  'GET /emissions/bylocation': emissions('location'),
  'GET /emissions/bylocations': emissions('locations'),
  'GET /emissions/bylocations/best': emissions('locations'),
  'GET /emissions/average-carbon-intensity': {
    summary: 'Mean intensity, as the Carbon Aware SDK answers it',
    query: { location: needed('Zone'), startTime: text('Start, ISO 8601'), endTime: text('End, ISO 8601') },
  },
  'GET /emissions/forecasts/current': {
    summary: 'Forecasts, as the Carbon Aware SDK answers them',
    query: {
      location: needed('Zones'),
      dataStartAt: text('Start, ISO 8601'),
      dataEndAt: text('End, ISO 8601'),
      windowSize: count('Minutes that the job takes'),
    },
  },
  'GET /locations': { summary: 'Zones that are configured, as the Carbon Aware SDK answers them' },
}
