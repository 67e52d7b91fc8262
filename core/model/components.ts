/**
 * Parts of a host that energy is counted for. Of the components that a window has, the first in this order carries what is
 * counted once a host: CPU time and embodied emissions.
 */
export const COMPONENTS = ['cpu', 'dram', 'gpu', 'other', 'host'] as const
/** What the energy of a ledger entry was measured or modelled for. */
export type Component = (typeof COMPONENTS)[number]
