import { fetchFile } from './api.ts'

/** Saves what a route answers as a file. Through the page, since the token is not in a cookie that a link would send. */
export async function download(path: string, name: string): Promise<void> {
  const url = URL.createObjectURL(await fetchFile(path))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser has begun by then; the file would stay in memory otherwise.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
