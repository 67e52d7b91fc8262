/** What can be fuzzed: cases, and the entry points that accept them. */
import { SIGNALS, type Signal } from '../../collector/otlp/signals.ts'
import { type Cases, FuzzCases } from './cases.ts'
import type { OpenFuzzDoor } from './door.ts'
import { openGrpcDoor } from './grpc-door.ts'
import { openHttpDoor } from './http-door.ts'
import { WriteCases } from './write-cases.ts'
import { openWriteDoor } from './write-door.ts'

export const INPUTS = [...SIGNALS, 'remote-write'] as const
/** OTLP of one signal, or remote write. */
export type FuzzInput = (typeof INPUTS)[number]

/** The tables of its rows. */
export const signalOf = (input: FuzzInput): Signal => (input === 'remote-write' ? 'metrics' : input)

export const casesOf = (input: FuzzInput, seed: number): Cases =>
  input === 'remote-write' ? new WriteCases(seed) : new FuzzCases(input, seed)

/** By name. */
export const doorsOf = (input: FuzzInput): Readonly<Record<string, OpenFuzzDoor>> =>
  input === 'remote-write'
    ? { write: openWriteDoor }
    : { http: openHttpDoor(input), grpc: openGrpcDoor(input) }
