import type { Warehouse } from '../../core/warehouse/warehouse.ts'

const refuse = async (): Promise<never> => {
  throw new Error('Nothing is asked of the engine here.')
}

/** Replaces the tables where a test needs a server but queries no table. */
export const refusingWarehouse: Warehouse = {
  kind: 'embedded',
  database: 'wattline',
  migrate: refuse,
  insert: refuse,
  query: refuse,
  fenced: refuse,
  ping: refuse,
  close: async () => {},
}
