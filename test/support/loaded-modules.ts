/** `--import` it: appends the address of every module that the process loads to the file in LOADED_MODULES. */
import { appendFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const file = process.env['LOADED_MODULES'] ?? ''
registerHooks({
  load(url, context, next) {
    if (!url.startsWith('node:')) appendFileSync(file, `${url}\n`)
    return next(url, context)
  },
})
