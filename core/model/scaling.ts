/** Words about the number of replicas, for decisions, answers and the API alike. */

/** What set the number of replicas. */
export type ScalingRule =
  /** Demand alone. */
  | 'demand'
  /** `floor.replicas` */
  | 'floor'
  /** `floor.slo`: the service level is missed. */
  | 'service_level'
  /** `ceiling.replicas` */
  | 'ceiling'
  /** `ceiling.carbon_budget_g_per_hour` */
  | 'carbon'
  /** `ceiling.cost_budget_per_hour` */
  | 'cost'
  /** `ceiling.intensity` */
  | 'intensity'
  /** `shift`: deferrable work waits for a better window. */
  | 'shift'
  /** `scale_up.stabilisation` or `scale_down.stabilisation` */
  | 'stabilisation'
  /** `scale_up.step` or `scale_down.step` */
  | 'step'

/** Why an answer must not be followed as if it were new. */
export type StaleReason =
  /** No decision has been made for longer than `stale_after`: the processors that decide are away. */
  | 'decision_old'
  /** Decisions are made, but the demand that they know is older than `stale_after`. */
  | 'demand_old'
  /** Demand has never been known. */
  | 'demand_unknown'
