/**
 * A log whose readers wait for records no longer than a tenth of a second at a time. Processors act after each wait, seconds
 * apart, on what depends on other groups; whoever tests that would mostly wait.
 */
import type { AssignedPartition, Broker } from '../../core/broker/broker.ts'

const LONGEST_MS = 100

export const impatient = (broker: Broker): Broker =>
  replacing(broker, {
    subscribe: subscription =>
      broker.subscribe({
        ...subscription,
        work: partition => subscription.work(impatientPartition(partition)),
      }),
  })

const impatientPartition = (partition: AssignedPartition): AssignedPartition =>
  replacing(partition, {
    poll: limits => partition.poll({ ...limits, maxWaitMs: Math.min(limits.maxWaitMs, LONGEST_MS) }),
  })

/** The object with some methods of others; the rest are called on the object itself, which may have private fields. */
export function replacing<T extends object>(object: T, methods: Partial<T>): T {
  return new Proxy(object, {
    get(target, name) {
      const value: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
