import { createAlertLog } from '../core/alerting/alert-log.ts'
import { configuredPolicies } from '../core/autoscaling/policies.ts'
import { createPolicyLog } from '../core/autoscaling/policy-log.ts'
import type { Broker } from '../core/broker/broker.ts'
import type { Config } from '../core/catalogue/config/schema.ts'
import type { Events } from '../core/catalogue/events/events.ts'
import { configuredFactors } from '../core/factors/configured.ts'
import { createInstanceFactors } from '../core/factors/instance-factors.ts'
import { createReplay } from '../processors/loop/replay.ts'

/** What a process with role query reads from the log, and writes to it for its callers. */
export const queryLogs = (
  config: Config,
  log: Pick<Broker, 'lag' | 'append' | 'newest'>,
  events: Events,
) => ({
  appender: log,
  replay: createReplay({ broker: log, events, now: Date.now }),
  factors: createInstanceFactors(log, configuredFactors(config)),
  alertLog: createAlertLog(log, Date.now),
  policyLog: createPolicyLog(log, configuredPolicies(config), Date.now),
})
