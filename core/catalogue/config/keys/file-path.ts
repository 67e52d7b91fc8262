import { z } from 'zod'

/** Read by path, not by `${file:...}`, because they are followed while the process runs. */
export const filePath = z
  .string()
  .min(1)
  .refine(text => !text.includes('-----BEGIN'), 'the path of a file, not its contents')
