import { readAttribute } from './attributes'
import { enter, moveTo, position, readLength, readTag, readVarint, SCOPE, skip } from './reader'
import { batch } from './request'

/** The scope in hand: where in the body its texts are. */

let scopeName: usize = 0
let scopeNameLength: u32 = 0
let scopeVersion: usize = 0
let scopeVersionLength: u32 = 0
let attributes: u32 = 0
/** A span of the scope is the last row: its scope can be copied from there. */
let isScopeWritten: bool = false

export function beginScope(): void {
  scopeNameLength = 0
  scopeVersionLength = 0
  attributes = 0
  isScopeWritten = false
}

/** Reads an InstrumentationScope message on top of what is known of the scope in hand. */
export function readScope(end: usize): void {
  enter(SCOPE)
  for (let tag = readTag(end); tag !== 0; tag = readTag(end)) {
    if (tag === 0x0a || tag === 0x12) {
      const stop = readLength(end)
      if (tag === 0x0a) {
        scopeName = position
        scopeNameLength = <u32>(stop - position)
      } else {
        scopeVersion = position
        scopeVersionLength = <u32>(stop - position)
      }
      moveTo(stop)
    } else if (tag === 0x1a) {
      readAttribute(end, batch.attributes, attributes)
      attributes += 1
    } else if (tag === 0x20) readVarint(end)
    else skip(tag, end, 0b11110)
  }
}

/** The scope's texts, once more. */
export function writeScope(): void {
  if (isScopeWritten) {
    batch.scopeNames.repeat()
    batch.scopeVersions.repeat()
    return
  }
  batch.scopeNames.append(scopeName, scopeNameLength)
  batch.scopeVersions.append(scopeVersion, scopeVersionLength)
  isScopeWritten = true
}
