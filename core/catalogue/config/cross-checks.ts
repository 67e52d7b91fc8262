import { alertProblems } from './alerts.ts'
import { autoscalerProblems } from './autoscalers.ts'
import { billingProblems } from './billing.ts'
import { bmcProblems } from './bmc.ts'
import { booksProblems, meteringProblems } from './books.ts'
import { brokerProblems } from './broker.ts'
import { exportsProblems } from './exports.ts'
import { intakeProblems } from './intake.ts'
import { kubernetesProblems } from './kubernetes.ts'
import { listenProblems } from './listen.ts'
import { mappingsProblems } from './mappings.ts'
import type { ConfigProblem } from './problem.ts'
import { processesProblems } from './processes.ts'
import { roleProblems } from './roles.ts'
import { scalingProblems } from './scaling.ts'
import type { Config } from './schema.ts'
import { scrapeProblems } from './scrape.ts'
import { warehouseProblems } from './warehouse.ts'

/** Relations between keys that the schema cannot express. */
export const crossChecks = (config: Config): ConfigProblem[] => [
  ...intakeProblems(config),
  ...meteringProblems(config),
  ...listenProblems(config),
  ...booksProblems(config),
  ...roleProblems(config),
  ...processesProblems(config),
  ...brokerProblems(config),
  ...warehouseProblems(config),
  ...scrapeProblems(config),
  ...mappingsProblems(config),
  ...kubernetesProblems(config),
  ...bmcProblems(config),
  ...alertProblems(config),
  ...scalingProblems(config),
  ...autoscalerProblems(config),
  ...billingProblems(config),
  ...exportsProblems(config),
]
