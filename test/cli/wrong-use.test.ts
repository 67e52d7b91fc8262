/**
 * Guarantees, for every command that queries an instance: an error in an address, a format, a token or an answer is
 * reported in one line, with a remedy and without a stack trace, and the exit code is 2 for wrong usage and 1 for a
 * negative answer; a closed output ends the command quietly.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import { Command, CommanderError } from 'commander'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lagCommand } from '../../cli/lag.ts'
import { quarantineCommand } from '../../cli/quarantine.ts'
import { sqlCommand } from '../../cli/sql.ts'
import { topCommand } from '../../cli/top.ts'
import { usageCommand } from '../../cli/usage.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { COMPILED } from '../support/compiled.ts'

const ENTRY = new URL('../../cli/wattline.cjs', import.meta.url).pathname

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function wattline(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  readsOutput = true,
): Promise<Ended> {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: '/',
      NO_COLOR: '1',
      NODE_COMPILE_CACHE: COMPILED,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', text => {
    stdout += text
  })
  child.stderr.on('data', text => {
    stderr += text
  })
  if (!readsOutput) child.stdout.destroy()
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

const listening = async (server: Server | ReturnType<typeof createNetServer>): Promise<string> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Answers according to the first part of the path in the address. */
const stranger = createServer((request, response) => {
  const [, how = ''] = request.headers['authorization']?.split(' ') ?? []
  if (how === 'html') response.setHeader('content-type', 'text/html').end('<h1>It works!</h1>')
  else if (how === 'empty') response.end('{}')
  else if (how === 'null') response.end('null')
  else if (how === 'error') response.writeHead(500).end('<h1>\u001b[31mInternal</h1>\n\n')
  else if (how === 'refused') {
    response.writeHead(401, { 'content-type': 'application/problem+json' })
    response.end('{"code": "unauthenticated", "detail": "The token is unknown."}')
  } else {
    response.writeHead(200, { 'content-length': '100' }).write('{"meta": [')
    setTimeout(() => response.destroy(), 20)
  }
})
const deaf = createNetServer(socket => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
const good = createServer((request, response) => {
  const rows = Array.from({ length: 20_000 }, (_, index) => ({ n: index, text: 'x'.repeat(50) }))
  response.end(
    JSON.stringify({ meta: [{ name: 'n', type: 'UInt64' }], data: request.url === '/' ? [] : rows }),
  )
})
let at: { stranger: string; deaf: string; good: string }

beforeAll(async () => {
  at = { stranger: await listening(stranger), deaf: await listening(deaf), good: await listening(good) }
})
afterAll(() => {
  for (const server of [stranger, deaf, good]) server.close()
})

const ASKING: readonly (readonly string[])[] = [
  ['sql', 'SELECT 1'],
  ['usage'],
  ['lag'],
  ['top', '--once'],
  ['quarantine', 'list'],
  ['quarantine', 'show', 'traces/0/1'],
  ['quarantine', 'replay', 'traces/0/1'],
]

/** Runs a command in this process, up to its first failure. */
async function failing(args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  let said = ''
  const quiet = (command: Command): void => {
    command.exitOverride().configureOutput({
      writeErr: text => {
        said += text
      },
    })
    command.commands.forEach(quiet)
  }
  const program = new Command('wattline')
  for (const command of [sqlCommand(), usageCommand(), lagCommand(), topCommand(), quarantineCommand()]) {
    program.addCommand(command)
  }
  quiet(program)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return { code: 0, said }
  } catch (error) {
    if (error instanceof WattlineError) return { code: 1, said: `${error}` }
    if (error instanceof CommanderError) return { code: 2, said }
    throw error
  }
}

describe.each(ASKING.map(args => [args.join(' '), args] as const))('wattline %s', (_name, args) => {
  it.each([
    ['--url', 'nonsense', /Give an address such as http/],
    ['--url', 'ftp://x', /Give an address such as http/],
    ['--format', 'parquet', /Allowed choices are table|unknown option/],
  ] as const)('says what is wrong with %s %s', async (option, value, words) => {
    expect(await failing([...args, option, value])).toEqual({ code: 2, said: expect.stringMatching(words) })
  })

  it('explains a server that is missing, hangs or answers wrongly', async () => {
    const asking = (how: string) => failing([...args, '--url', at.stranger, '--token', how])
    const of = (said: RegExp) => ({ code: 1, said: expect.stringMatching(said) })
    expect(await failing([...args, '--url', 'http://127.0.0.1:1'])).toEqual(
      of(/^not_running: no server answers/),
    )
    expect(await failing([...args, '--url', at.deaf])).toEqual(of(/^not_running: /))
    expect(await asking('html')).toEqual(of(/^answer_unreadable: .*the answer is not from Wattline/))
    expect(await asking('empty')).toEqual(of(/^answer_unreadable: /))
    expect(await asking('null')).toEqual(of(/^answer_unreadable: /))
    expect(await asking('error')).toEqual(of(/^answer_unreadable: .* answered 500: <h1> \[31mInternal/))
    expect(await asking('refused')).toEqual(of(/^unauthenticated: The token is unknown\. Send a valid/))
    expect(await asking('cut')).toEqual(of(/^not_running: .*closed the connection/))
    expect(await asking('two\nlines')).toEqual(of(/^unauthenticated: The token contains invalid characters/))
  })
})

describe('the command line', () => {
  it('prints the error in one line, without a stack trace', async () => {
    const ended = await Promise.all([
      wattline(['sql', 'SELECT 1', '--url', 'nonsense']),
      wattline(['usage'], { WATTLINE_URL: 'nonsense' }),
      wattline(['lag', '--url', at.stranger, '--token', 'html']),
      wattline(['simulate', '--otlp-url', 'nonsense']),
    ])
    expect(ended.map(({ code }) => code)).toEqual([2, 2, 1, 2])
    for (const { stdout, stderr } of ended) {
      expect([stdout, stderr.trimEnd().split('\n').length]).toEqual(['', 1])
    }
  })
})

describe('closed output', () => {
  it.each([
    [['--help'], 0],
    [['check', '--print'], 0],
    [['token', '--tenant', 'shop', '--scopes', 'read'], 0],
    [['simulate', '--plan', 'hosts=10'], 0],
  ] as const)('ends wattline %s quietly', async (args, code) => {
    expect(await wattline(args, {}, false)).toMatchObject({ code, stderr: '' })
  })

  it('ends a long answer quietly, and reports where it was cut off', async () => {
    const sql = ['sql', 'SELECT 1', '--url', at.good]
    expect(await wattline(sql, {}, false)).toMatchObject({ code: 0, stderr: '' })
    const whole = await wattline([...sql, '--format', 'csv'])
    expect([whole.code, whole.stdout.split('\r\n').length]).toEqual([0, 20_002])
    const child = spawn(
      '/bin/sh',
      ['-c', `exec "${process.execPath}" "${ENTRY}" ${sql.map(word => `'${word}'`).join(' ')} > /dev/full`],
      {
        env: { PATH: process.env['PATH'] ?? '' },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    let stderr = ''
    child.stderr.on('data', text => {
      stderr += text
    })
    expect((await once(child, 'close'))[0]).toBe(1)
    expect(stderr).toMatch(/^output_failed: The answer could not be written: .*ENOSPC/)
  })
})
