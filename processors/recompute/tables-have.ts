/** Minutes are computed again only when the tables have what came before, whichever way it takes through the log. */
import type { Broker } from '../../core/broker/broker.ts'
import { energy, lateReadings, ledger, readings } from '../../core/model/streams/index.ts'
import { CatchingUp } from '../loop/catching-up.ts'
import { METER } from '../meter/processor.ts'
import { RATE } from '../rate/processor.ts'
import { STORE } from '../store/token.ts'

/** First what is read for it, and metered; then what is still rated; then what that has become. */
export const catchingUpForMinutes = (broker: Pick<Broker, 'lag'>): CatchingUp =>
  new CatchingUp(broker, [
    [
      [STORE, readings.name],
      [STORE, lateReadings.name],
      [METER, readings.name],
    ],
    [[RATE, energy.name]],
    [[STORE, ledger.name]],
  ])
