/** What can happen to the files of a data folder while no process has it open. */
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { drawOne } from './topology.ts'

const engineOf = (data: string): string => join(data, 'warehouse', 'engine')

/** Folders of the tables, by their definitions. */
export function tableFolders(data: string): ReadonlyMap<string, string> {
  const definitions = join(engineOf(data), 'metadata', 'wattline')
  const found = readdirSync(definitions).flatMap(file => {
    const uuid = /UUID '([^']+)'/.exec(readFileSync(join(definitions, file), 'utf8'))?.[1]
    return uuid === undefined
      ? []
      : [[file.slice(0, -4), join(engineOf(data), 'store', uuid.slice(0, 3), uuid)] as const]
  })
  return new Map(found)
}

interface Part {
  readonly table: string
  readonly name: string
  readonly folder: string
}

const KNOWN = ['otel_traces', 'otel_traces_trace_id_ts', 'readings', 'ledger', 'metric_points']

/** A part of one of the tables that have any, more often of those the auditor knows best. */
function drawPart(data: string, random: () => number): Part | null {
  const parts = [...tableFolders(data)].flatMap(([table, folder]) =>
    list(folder)
      .filter(name => /^(?:\d+|all)_\d+_\d+_\d+(?:_\d+)?$/.test(name))
      .map(name => ({ table, name: `${table}/${name}`, folder: join(folder, name) })),
  )
  const tables = new Set(parts.map(({ table }) => table))
  const known = KNOWN.filter(table => tables.has(table))
  if (parts.length === 0) return null
  const table = drawOne(random() < 0.8 && known.length > 0 ? known : [...tables].toSorted(), random)
  return drawOne(
    parts.filter(part => part.table === table),
    random,
  )
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Removes a part. */
export function loseParts(data: string, random: () => number): string {
  const names: string[] = []
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--) {
    const part = drawPart(data, random)
    if (part === null) continue
    rmSync(part.folder, { recursive: true, force: true })
    names.push(part.name)
  }
  return `gone: ${names.join(', ')}`
}

/** Leaves a part like a truncated copy or disk does. */
export function spoilPart(data: string, random: () => number): string {
  const part = drawPart(data, random)
  if (part === null) return 'there was no part'
  const way = drawOne(['data.bin', 'columns.txt', 'checksums.txt'] as const, random)
  if (way === 'columns.txt') rmSync(join(part.folder, way), { force: true })
  else truncateSync(join(part.folder, way), way === 'data.bin' ? Math.floor(random() * 40) : 0)
  return `${part.name}: ${way} ${way === 'columns.txt' ? 'is missing' : 'is cut short'}`
}

/** Removes definitions of tables: all of them, or one. */
export function loseDefinitions(data: string, random: () => number): string {
  const folder = join(engineOf(data), 'metadata')
  if (random() < 0.5) {
    rmSync(folder, { recursive: true })
    return 'metadata is gone'
  }
  const file = drawOne(['otel_traces.sql', 'ledger.sql', 'readings.sql'], random)
  rmSync(join(folder, 'wattline', file), { force: true })
  return `${file} is gone`
}

/** Keeps a copy of a folder; the returned function puts it in the folder's place. */
export function keepCopy(folder: string): () => void {
  const copy = `${folder}.copy`
  rmSync(copy, { recursive: true, force: true })
  cpSync(folder, copy, { recursive: true, verbatimSymlinks: true })
  return () => {
    rmSync(folder, { recursive: true, force: true })
    renameSync(copy, folder)
  }
}

/** Leaves an empty mount point; the returned function mounts the volume again. */
export function unmount(folder: string): () => void {
  renameSync(folder, `${folder}.unmounted`)
  mkdirSync(folder)
  return () => {
    rmSync(folder, { recursive: true, force: true })
    renameSync(`${folder}.unmounted`, folder)
  }
}
