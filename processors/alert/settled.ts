/** A rule looks at a window only when the tables have all of it, so that it does not see half of it. */
import type { Broker } from '../../core/broker/broker.ts'
import { energy, ledger, readings, traces } from '../../core/model/streams/index.ts'
import { CatchingUp } from '../loop/catching-up.ts'
import { STORE } from '../store/token.ts'

/** Until readings are metered, energy is rated, and entries and spans are stored, as of now. */
export const catchingUpForRules = (broker: Pick<Broker, 'lag'>): CatchingUp =>
  new CatchingUp(broker, [
    [['meter', readings.name]],
    [['rate', energy.name]],
    [
      [STORE, ledger.name],
      [STORE, traces.name],
    ],
  ])
