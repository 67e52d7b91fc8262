/**
 * Requests of a simulated fleet, prepared in advance: each has the samples of some hosts at one time, as agents behind
 * a gateway send them.
 */
import type { FleetOptions } from '../../simulate/fleet.ts'
import { SimulatedHost } from '../../simulate/host.ts'
import { RequestBody } from '../../simulate/template.ts'

const HOSTS_A_REQUEST = 16

export interface FleetPayload {
  readonly bytes: Uint8Array
  readonly points: number
}

/** `rounds` samples of each of `hosts` machines with `workloads` containers each, five seconds apart, in order of time. */
export function fleetPayloads(hosts: number, workloads: number, rounds: number): FleetPayload[] {
  const options: FleetOptions = {
    seed: 1,
    hosts,
    workloads,
    fromMs: Date.now() - rounds * 5_000,
    minutes: 60,
    intervalMs: 5_000,
    gpus: 0.1,
    churn: 0.05,
    silent: 0,
    reboots: 0,
    late: 0,
  }
  const fleet = Array.from({ length: hosts }, (_, number) => new SimulatedHost(options, number))
  const payloads: FleetPayload[] = []
  for (let round = 0; round < rounds; round += 1) {
    for (let first = 0; first < hosts; first += HOSTS_A_REQUEST) {
      const output = new RequestBody()
      const some = fleet.slice(first, first + HOSTS_A_REQUEST)
      for (const host of some) host.writeRound(round, output)
      payloads.push({
        bytes: Uint8Array.from(output.bytes()),
        points: some.reduce((sum, host) => sum + host.pointsPerRound, 0),
      })
    }
  }
  return payloads
}
