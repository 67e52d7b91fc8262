/** The parts of Kubernetes objects that are read. Everything may be missing: servers leave out what is empty. */

export interface KubeMeta {
  readonly name?: string
  readonly namespace?: string
  readonly uid?: string
  readonly resourceVersion?: string
  readonly creationTimestamp?: string
  readonly deletionTimestamp?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly ownerReferences?: readonly KubeOwner[]
}

export interface KubeOwner {
  readonly apiVersion?: string
  readonly kind?: string
  readonly name?: string
  readonly controller?: boolean
}

export interface KubeObject {
  readonly metadata?: KubeMeta
}

type ResourceList = Readonly<Record<string, string | number>>

export interface KubeResources {
  readonly requests?: ResourceList
  readonly limits?: ResourceList
}

export interface KubeContainer {
  readonly name?: string
  readonly resources?: KubeResources
}

interface KubeRun {
  readonly containerID?: string
  readonly startedAt?: string
  readonly finishedAt?: string
}

interface KubeState {
  readonly running?: KubeRun
  readonly terminated?: KubeRun
}

export interface KubeContainerStatus {
  readonly name?: string
  readonly containerID?: string
  readonly state?: KubeState
  readonly lastState?: KubeState
  readonly resources?: KubeResources
}

export interface KubeCondition {
  readonly type?: string
  readonly status?: string
  readonly reason?: string
  readonly lastTransitionTime?: string
}

export interface KubePod extends KubeObject {
  readonly spec?: {
    readonly nodeName?: string
    readonly containers?: readonly KubeContainer[]
    readonly initContainers?: readonly KubeContainer[]
    readonly ephemeralContainers?: readonly KubeContainer[]
    readonly overhead?: ResourceList
    readonly resources?: KubeResources
    readonly schedulingGates?: readonly { readonly name?: string }[]
    readonly schedulerName?: string
    readonly priorityClassName?: string
  }
  readonly status?: {
    readonly phase?: string
    readonly startTime?: string
    readonly conditions?: readonly KubeCondition[]
    readonly containerStatuses?: readonly KubeContainerStatus[]
    readonly initContainerStatuses?: readonly KubeContainerStatus[]
    readonly ephemeralContainerStatuses?: readonly KubeContainerStatus[]
  }
}

export interface KubeNode extends KubeObject {
  readonly spec?: { readonly providerID?: string }
  readonly status?: {
    readonly allocatable?: ResourceList
    readonly capacity?: ResourceList
    readonly nodeInfo?: { readonly machineID?: string; readonly architecture?: string }
  }
}

/** A page of a list. */
export interface KubeList {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string }
  readonly items?: readonly KubeObject[]
}

/** A line of a watch; of type ERROR the object is a Status. */
export interface KubeEvent {
  readonly type?: string
  readonly object?: KubeObject & { readonly code?: number; readonly message?: string }
}
