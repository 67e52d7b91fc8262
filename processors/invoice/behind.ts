/** Bills are made from complete tables only. */
import type { Broker } from '../../core/broker/broker.ts'
import { billing, energy, ledger, readings } from '../../core/model/streams/index.ts'
import { CatchingUp } from '../loop/catching-up.ts'
import { STORE } from '../store/token.ts'

/** Until the tables have all that is measured, and all bills, as of now. */
export const catchingUpForBills = (broker: Pick<Broker, 'lag'>): CatchingUp =>
  new CatchingUp(broker, [
    [['meter', readings.name]],
    [['rate', energy.name]],
    [[STORE, ledger.name]],
    [[STORE, billing.name]],
  ])
