/**
 * Guarantees for the files that the query server serves: a small, complete page that a strict content policy allows.
 */
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, it } from 'vitest'
import { buildPage, type PageAsset } from '../../dashboards/page.ts'

let page: ReadonlyMap<string, PageAsset>
beforeAll(async () => {
  page = await buildPage()
})

const text = (path: string): string => new TextDecoder().decode(page.get(path)!.body)

it('contains every file that the index names, under names that change with their content', () => {
  const named = [...text('/').matchAll(/(?:src|href)="([^"]+)"/g)].map(match => `/${match[1]}`)
  expect(named).toHaveLength(4)
  expect(new Set(['/', ...named])).toEqual(new Set(page.keys()))
  const assets = [...page.keys()].filter(path => path.startsWith('/assets/'))
  expect(assets).toHaveLength(3)
  for (const path of assets) expect(path).toMatch(/^\/assets\/\w+-[A-Z0-9]{8}\.(js|css)$/)
})

it('is the same when built again, so that browsers may cache it', async () => {
  expect([...(await buildPage()).keys()]).toEqual([...page.keys()])
})

it('gives the type of each file', () => {
  for (const [path, { type }] of page) {
    const ending = path === '/' ? 'html' : path.slice(path.lastIndexOf('.') + 1)
    const types: Record<string, string> = {
      html: 'text/html; charset=utf-8',
      js: 'text/javascript; charset=utf-8',
      css: 'text/css; charset=utf-8',
      svg: 'image/svg+xml',
    }
    expect(type).toBe(types[ending])
  }
})

it('has no inline script or style, and no address of another host to load from', () => {
  const index = text('/')
  expect(index).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/)
  expect(index).not.toContain('{{')
  for (const path of page.keys()) {
    expect(text(path)).not.toMatch(/(?:src|href)="(?:https?:)?\/\/|url\(["']?(?:https?:)?\/\/|@import/)
  }
})

it('stays below 70 KB gzipped', () => {
  const bytes = [...page.values()].reduce((sum, { body }) => sum + gzipSync(body).length, 0)
  expect(bytes).toBeLessThan(70_000)
})
