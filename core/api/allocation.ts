/**
 * `/allocation`, as OpenCost answers it, with energy and carbon added. Numbers are those of OpenCost (cores, bytes, hours, units of the
 * currency) as floats; `wattline` has the same exactly. null: unknown.
 */
export interface AllocationAnswer {
  readonly code: 200
  /** One set of allocations for each step, by name. */
  readonly data: readonly Readonly<Record<string, Allocation>>[]
  /** Set where `limit` or `offset` left allocations out. */
  readonly message?: string
}

/** An error, in OpenCost's shape. */
export interface AllocationProblem {
  readonly code: number
  readonly data: null
  readonly message: string
}

/** What one allocation used and cost in one step. */
export interface Allocation {
  readonly name: string
  readonly properties: AllocationProperties
  readonly window: { readonly start: string; readonly end: string }
  readonly start: string
  readonly end: string
  readonly minutes: number
  readonly cpuCores: number
  readonly cpuCoreRequestAverage: number
  readonly cpuCoreUsageAverage: number
  readonly cpuCoreHours: number
  readonly cpuCost: number | null
  readonly cpuCostAdjustment: number
  readonly cpuCostIdle: number | null
  readonly cpuEfficiency: number
  readonly gpuCount: number
  readonly gpuHours: number
  readonly gpuCost: number | null
  readonly gpuCostAdjustment: number
  readonly gpuCostIdle: number | null
  readonly gpuEfficiency: number
  readonly networkTransferBytes: number
  readonly networkReceiveBytes: number
  readonly networkCost: number
  readonly networkCrossZoneCost: number
  readonly networkCrossRegionCost: number
  readonly networkInternetCost: number
  readonly networkCostAdjustment: number
  readonly loadBalancerCost: number
  readonly loadBalancerCostAdjustment: number
  readonly pvBytes: number
  readonly pvByteHours: number
  readonly pvCost: number
  readonly pvs: null
  readonly pvCostAdjustment: number
  readonly ramBytes: number
  readonly ramByteRequestAverage: number
  readonly ramByteUsageAverage: number
  readonly ramByteHours: number
  readonly ramCost: number | null
  readonly ramCostAdjustment: number
  readonly ramCostIdle: number | null
  readonly ramEfficiency: number
  /** Cost of energy that is none of CPU, memory or GPU: fans, disks, power supplies, hosts that are metered as a whole. */
  readonly externalCost: number | null
  readonly sharedCost: number | null
  readonly totalCost: number | null
  readonly totalEfficiency: number
  readonly lbAllocations: null
  readonly energyKwh: number
  readonly carbonGrams: number | null
  readonly wattline: AllocationBooks
}

/** What an allocation is; a property that its parts do not agree on is absent. */
export interface AllocationProperties {
  readonly cluster?: string
  readonly node?: string
  readonly container?: string
  readonly controller?: string
  readonly controllerKind?: string
  readonly namespace?: string
  readonly pod?: string
  readonly services?: readonly string[]
  readonly providerID?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly namespaceLabels?: Readonly<Record<string, string>>
}

/** The sums of the ledger behind an allocation: exact integers as text, with their unit in the name. */
export interface AllocationBooks {
  readonly energyUj: string
  readonly activeUj: string
  readonly idleUj: string
  readonly unattributedUj: string
  readonly carbonOperationalUg: string | null
  readonly carbonEmbodiedUg: string | null
  /** null where costs are in several currencies: `costs` has each. */
  readonly costEnergyNano: string | null
  readonly costResourceNano: string | null
  /** The currency of the cost; null if there is none, or more than one. */
  readonly currency: string | null
  readonly costs: readonly {
    readonly currency: string
    readonly costEnergyNano: string | null
    readonly costResourceNano: string | null
  }[]
  /** Energy without a factor or tariff. */
  readonly unpricedCarbonUj: string
  readonly unpricedCostUj: string
  readonly measuredUj: string
}
