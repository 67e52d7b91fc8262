import { z } from 'zod'

/** Configured as a path, not as `${file:...}`, because the file is watched while the process runs. */
export const filePath = z
  .string()
  .min(1)
  .refine(text => !text.includes('-----BEGIN'), 'the path of a file, not its contents')
