import type { Place } from './place.ts'
export function openS3(_name: string, _environment: Readonly<Record<string, string | undefined>>): Place {
  throw new Error('soon')
}
