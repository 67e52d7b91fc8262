import { z } from 'zod'
import { EXPORTABLE_TABLES } from '../../../model/streams/exportable.ts'
import { days, duration } from './quantities.ts'

/** Exports of tables as Parquet. */
export const exportsSchema = z
  .strictObject({
    to: z
      .string()
      .regex(
        /^(s3:\/\/[^/\s*?{}[\]]+(\/[^\s*?{}[\]]*)?|(?!\w+:\/\/)[^*?{}[\]]+)$/,
        'a folder, or s3://BUCKET/PREFIX',
      )
      .optional()
      .describe(
        'Folder, or `s3://BUCKET/PREFIX`, to which tables are exported as Parquet; credentials and endpoint as for backups (AWS_ACCESS_KEY_ID, ...). Default: nothing is exported',
      ),
    tables: z
      .array(z.enum(EXPORTABLE_TABLES as [string, ...string[]]))
      .min(1)
      .default(['ledger'])
      .describe('Tables to export'),
    period: z
      .enum(['hour', 'day'])
      .default('hour')
      .describe('Time (UTC) that one file covers; it cannot change once the folder has files'),
    settle: duration
      .prefault(900)
      .describe(
        'Seconds after the end of a period before it is exported; rows that come later get a file of their own',
      ),
    interval: duration.prefault(300).describe('Seconds between two comparisons of tables and files'),
    retention_days: days.optional().describe('Days to keep files; default: forever'),
  })
  .prefault({})
