import { readAttribute } from './attributes'
import { SCOPE } from './numbers'
import { position, Reader, skip } from './reader'
import { batch } from './request'
import { Fields, InstrumentationScopeTag } from './tags'

/** The current scope: positions of its texts in the body. */

let scopeName: usize = 0
let scopeNameLength: u32 = 0
let scopeVersion: usize = 0
let scopeVersionLength: u32 = 0
let attributes: u32 = 0
let isInterned: bool = false
let scopeNameId: u32 = 0
let scopeVersionId: u32 = 0

/** Forgets the previous scope. */
export function beginScope(): void {
  scopeNameLength = 0
  scopeVersionLength = 0
  attributes = 0
  isInterned = false
}

/** Reads an InstrumentationScope message, merging it into the current scope. */
export function readScope(end: usize): void {
  Reader.enter(SCOPE)
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    if (tag === InstrumentationScopeTag.name || tag === InstrumentationScopeTag.version) {
      const stop = Reader.length(end)
      if (tag === InstrumentationScopeTag.name) {
        scopeName = position
        scopeNameLength = <u32>(stop - position)
      } else {
        scopeVersion = position
        scopeVersionLength = <u32>(stop - position)
      }
      Reader.moveTo(stop)
    } else if (tag === InstrumentationScopeTag.attributes) {
      readAttribute(end, batch.spanAttributes, attributes)
      attributes += 1
    } else if (tag === InstrumentationScopeTag.droppedAttributesCount) Reader.varint(end)
    else skip(tag, end, Fields.InstrumentationScope)
  }
}

/** The scope's texts, by their ids once its first span is written. */
export function writeScope(): void {
  if (!isInterned) {
    scopeNameId = batch.scopeName.find(scopeName, scopeNameLength)
    scopeVersionId = batch.scopeVersion.find(scopeVersion, scopeVersionLength)
    isInterned = true
  }
  batch.scopeName.append(scopeNameId)
  batch.scopeVersion.append(scopeVersionId)
}
