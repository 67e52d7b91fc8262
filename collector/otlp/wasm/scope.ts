import { readAttribute } from './attributes'
import { position, Reader, SCOPE, skip } from './reader'
import { batch } from './request'

/** The scope in hand: where in the body its texts are. */

let scopeName: usize = 0
let scopeNameLength: u32 = 0
let scopeVersion: usize = 0
let scopeVersionLength: u32 = 0
let attributes: u32 = 0
let isInterned: bool = false
let scopeNameId: u32 = 0
let scopeVersionId: u32 = 0

/** Forgets the scope before. */
export function beginScope(): void {
  scopeNameLength = 0
  scopeVersionLength = 0
  attributes = 0
  isInterned = false
}

/** Reads an InstrumentationScope message on top of what is known of the scope in hand. */
export function readScope(end: usize): void {
  Reader.enter(SCOPE)
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    if (tag === 0x0a || tag === 0x12) {
      const stop = Reader.length(end)
      if (tag === 0x0a) {
        scopeName = position
        scopeNameLength = <u32>(stop - position)
      } else {
        scopeVersion = position
        scopeVersionLength = <u32>(stop - position)
      }
      Reader.moveTo(stop)
    } else if (tag === 0x1a) {
      readAttribute(end, batch.attributes, attributes)
      attributes += 1
    } else if (tag === 0x20) Reader.varint(end)
    else skip(tag, end, 0b11110)
  }
}

/** The scope's texts, by the ids that they have once its first span is written. */
export function writeScope(): void {
  if (!isInterned) {
    scopeNameId = batch.scopeNames.find(scopeName, scopeNameLength)
    scopeVersionId = batch.scopeVersions.find(scopeVersion, scopeVersionLength)
    isInterned = true
  }
  batch.scopeNames.append(scopeNameId)
  batch.scopeVersions.append(scopeVersionId)
}
