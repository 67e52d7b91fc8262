import { z } from 'zod'

/** What is written about a file, after it: only files with a manifest are complete. */
export const manifestSchema = z.object({
  format: z.literal(1),
  tenant: z.string(),
  table: z.string(),
  /** `[from, to)`, ISO 8601. */
  from: z.string(),
  to: z.string(),
  /** 1: all rows of the period at that time; above: rows that came later. */
  revision: z.int().min(1),
  file: z.string(),
  rows: z.int().min(1),
  bytes: z.int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  /** Version of Wattline that wrote it. */
  version: z.string(),
  written: z.string(),
})
/** What is written about a file. */
export type Manifest = z.infer<typeof manifestSchema>

/** What the folder holds, and for whom: two instances that wrote to one folder would take each other's files for their own. */
export const settingsSchema = z.object({
  format: z.literal(1),
  period: z.enum(['hour', 'day']),
  owner: z.string(),
})
/** What the folder holds. */
export type ExportSettings = z.infer<typeof settingsSchema>
