/**
 * Parts of a host for which energy is counted. The first component, in this order, of those in a window carries amounts
 * that are counted once per host: CPU time and embodied emissions.
 */
export const COMPONENTS = ['cpu', 'dram', 'gpu', 'other', 'host'] as const
/** What the energy of a ledger entry was measured or modelled for. */
export type Component = (typeof COMPONENTS)[number]
