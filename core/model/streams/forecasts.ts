import { column, type StreamDeclaration } from './stream.ts'

/**
 * Forecasts of grid intensity as they were issued: for each, the value of every time that it spoke of. What is in force is in
 * `grid_intensity`. After a restart of the collector the newest forecast may be there twice, in equal rows.
 */
export const intensityForecasts = {
  name: 'intensity_forecasts',
  key: 'none',
  columns: [
    column('Zone', 'lowCardinality'),
    // average | marginal
    column('Kind', 'lowCardinality'),
    column('IssuedAt', 'seconds'),
    column('ValidFrom', 'seconds'),
    column('ValidTo', 'seconds'),
    // exact decimal as text
    column('Value', 'string'),
    column('Unit', 'lowCardinality'),
    column('Source', 'lowCardinality'),
  ],
  table: {
    name: 'intensity_forecasts',
    partitionBy: 'toYYYYMM(ValidFrom)',
    orderBy: ['Zone', 'Kind', 'Source', 'ValidFrom', 'IssuedAt'],
    ttlFrom: 'ValidFrom',
    retention: 'signals',
  },
} as const satisfies StreamDeclaration
