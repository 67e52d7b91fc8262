import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build, stop } from 'esbuild'

/** One file of the page, as the query server sends it. */
export interface PageAsset {
  /** Value of Content-Type. */
  readonly type: string
  readonly body: Uint8Array
}

const WEB = join(dirname(fileURLToPath(import.meta.url)), 'web')
const ENTRIES = { main: 'main.tsx', theme: 'theme.ts', style: 'style/style.css' } as const

const OPTIONS = {
  absWorkingDir: WEB,
  entryPoints: ENTRIES,
  entryNames: 'assets/[name]-[hash]',
  outdir: '/',
  bundle: true,
  write: false,
  minify: true,
  format: 'esm',
  target: 'es2022',
  // The style sheet writes each colour once with light-dark(), which esbuild need not lower.
  supported: { nesting: true },
  legalComments: 'eof',
  logLevel: 'silent',
  // Set here, so that no tsconfig in a parent folder can change the result.
  tsconfigRaw: { compilerOptions: { jsx: 'react-jsx', jsxImportSource: 'preact', target: 'es2022' } },
} as const satisfies BuildOptions

/**
 * Bundles the page in memory: path on the server -> asset. Names of assets contain a hash of their content, so they may
 * be cached forever; `/` and `/favicon.svg` may not. Nothing in it needs more than CSP `default-src 'self'`. Rejects
 * with esbuild's message when a source does not build: a defect, found at start rather than in a browser.
 */
export async function buildPage(): Promise<ReadonlyMap<string, PageAsset>> {
  try {
    const { outputFiles } = await build(OPTIONS)
    const assets = new Map<string, PageAsset>()
    const names = new Map<string, string>()
    for (const file of outputFiles) {
      const name = basename(file.path)
      const path = `/assets/${name}`
      assets.set(path, { type: contentType(name), body: file.contents })
      names.set(name.slice(0, name.indexOf('-')), path.slice(1))
    }
    assets.set('/', { type: 'text/html; charset=utf-8', body: await indexPage(names) })
    assets.set('/favicon.svg', { type: 'image/svg+xml', body: await readFile(join(WEB, 'favicon.svg')) })
    return assets
  } finally {
    // esbuild is a separate process: its work is done, and it must not outlive the start.
    await stop()
  }
}

async function indexPage(names: ReadonlyMap<string, string>): Promise<Uint8Array> {
  const template = await readFile(join(WEB, 'index.html'), 'utf8')
  return new TextEncoder().encode(template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => names.get(name)!))
}

function contentType(name: string): string {
  return name.endsWith('.css') ? 'text/css; charset=utf-8' : 'text/javascript; charset=utf-8'
}
