/** Jaeger, built once for a machine from its Go module. */
import { join } from 'node:path'
import { goPrograms } from '../kubernetes/build/go-programs.ts'

/** Path of the program, which is collector and query service in one. A first build takes about five minutes of CPU. */
export async function jaegerProgram(): Promise<string> {
  const { bin } = await goPrograms({
    module: 'github.com/jaegertracing/jaeger',
    version: 'v1.76.0',
    programs: ['cmd/jaeger'],
  })
  return join(bin, 'jaeger')
}
