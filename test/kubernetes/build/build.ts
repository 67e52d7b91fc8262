/** `node test/kubernetes/build/build.ts`: builds what the suite needs, and nothing else. A first build takes half an hour of CPU. */
import { etcdProgram, helmPrograms, kedaPrograms, kubernetesPrograms } from './programs.ts'

process.stdout.write(`${await etcdProgram()}\n`)
for (const programs of [kubernetesPrograms, helmPrograms, kedaPrograms])
  process.stdout.write(`${(await programs()).bin}\n`)
