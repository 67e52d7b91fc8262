/** Answers in a file, so that a process that starts while log and processors are away still has the last ones. */
import { mkdirSync, readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import type { ScalingAnswer } from '../scaling/answer.ts'

const VERSION = 1

const answer = z.object({
  tenant: z.string(),
  name: z.string(),
  decisionId: z.string(),
  policyVersion: z.string(),
  replicas: z.number(),
  previous: z.number().nullable(),
  isActive: z.boolean(),
  signal: z.enum(['up', 'down', 'none']),
  changedAt: z.number(),
  demand: z.number().nullable(),
  demandReplicas: z.number().nullable(),
  ruledBy: z.enum([
    'demand',
    'floor',
    'service_level',
    'ceiling',
    'carbon',
    'cost',
    'intensity',
    'shift',
    'stabilisation',
    'step',
  ]),
  explanation: z.string(),
  metric: z.object({
    name: z.string(),
    labels: z.record(z.string(), z.string()),
    value: z.number(),
    target: z.number(),
  }),
  object: z
    .object({ namespace: z.string(), apiVersion: z.string(), kind: z.string(), name: z.string() })
    .nullable(),
  decidedAt: z.number(),
  asOf: z.number().nullable(),
  staleAfterSeconds: z.number(),
}) satisfies z.ZodType<ScalingAnswer>

const file = z.object({ version: z.literal(VERSION), answers: z.array(answer) })

/** What the file says; nothing where there is none. @throws Error for a file that cannot be used */
export function readAnswerFile(path: string): readonly ScalingAnswer[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  return file.parse(JSON.parse(text)).answers
}

/** The file is replaced as a whole: a crash leaves the one before. */
export async function writeAnswerFile(path: string, answers: readonly ScalingAnswer[]): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  const next = `${path}.${process.pid}.new`
  await writeFile(next, JSON.stringify({ version: VERSION, answers }), { flush: true })
  await rename(next, path)
}
