import { Pairs } from './columns'
import { HeapBlock } from './memory'
import { batch } from './request'
import { Text } from './text'

/**
 * The types of attributes as text, a letter each: the values are all text in the columns. Of each item, '' if all its attributes
 * are text. Parts of a span are separated by `/` (resource, span, events, links), items of a part by `,`; separators at the end
 * are left out.
 */

/** Letters (query/traces/attributes.ts). */
export const STRING_TYPE: u32 = 0x73
export const BOOL_TYPE: u32 = 0x62
export const INT_TYPE: u32 = 0x69
export const EMPTY_TYPE: u32 = 0x6e

const COMMA: u32 = 0x2c
const SLASH: u32 = 0x2f

const resourceTypes: HeapBlock = HeapBlock.make()
let resourceLength: u32 = 0
const eventTypes: HeapBlock = HeapBlock.make()
let eventLength: u32 = 0
/** Up to the last letter. */
let eventEnd: u32 = 0
let events: u32 = 0
const linkTypes: HeapBlock = HeapBlock.make()
let linkLength: u32 = 0
let linkEnd: u32 = 0
let links: u32 = 0
const whole: HeapBlock = HeapBlock.make()
/** Types of the previous span without types of events and links, and the id of the whole text. */
const lastTypes: HeapBlock = HeapBlock.make()
let lastCount: u32 = u32.MAX_VALUE
let lastId: u32 = 0

/** Forgets the previous span. */
export function beginTypes(): void {
  eventLength = 0
  eventEnd = 0
  events = 0
  linkLength = 0
  linkEnd = 0
  links = 0
}

/** Ids are valid for one request. */
export function forgetTypes(): void {
  lastCount = u32.MAX_VALUE
}

/** Keeps the types of the current row of resource attributes. */
export function keepResourceTypes(pairs: Pairs): void {
  forgetTypes()
  resourceLength = append(resourceTypes, 0, pairs)
}

/** Adds the current row of an event's attributes. */
export function addEventTypes(pairs: Pairs): void {
  if (events !== 0) eventLength = separate(eventTypes, eventLength, COMMA)
  events += 1
  const length = append(eventTypes, eventLength, pairs)
  if (length !== eventLength) eventEnd = length
  eventLength = length
}

/** Adds the current row of a link's attributes. */
export function addLinkTypes(pairs: Pairs): void {
  if (links !== 0) linkLength = separate(linkTypes, linkLength, COMMA)
  links += 1
  const length = append(linkTypes, linkLength, pairs)
  if (length !== linkLength) linkEnd = length
  linkLength = length
}

/** Writes the types of the whole span, whose attributes are the current row of `pairs`. */
export function writeTypes(pairs: Pairs): void {
  const from = pairs.pendingFrom()
  const count = pairs.keys.count - from
  const at = pairs.types.at + from
  // Spans resemble their predecessors.
  if (count !== lastCount || eventEnd + linkEnd !== 0 || !Text.equal(at, lastTypes.at, count)) find(pairs)
  batch.attributeTypes.append(lastId)
}

function find(pairs: Pairs): void {
  const own = appended(lastTypes, 0, pairs)
  let end = resourceLength
  let length = copied(0, resourceTypes, resourceLength)
  length = separate(whole, length, SLASH)
  if (!isText(pairs)) {
    length = copied(length, lastTypes, own)
    end = length
  }
  length = separate(whole, length, SLASH)
  if (eventEnd !== 0) {
    length = copied(length, eventTypes, eventEnd)
    end = length
  }
  length = separate(whole, length, SLASH)
  if (linkEnd !== 0) end = copied(length, linkTypes, linkEnd)
  lastId = end === 0 ? batch.attributeTypes.internEmpty() : batch.attributeTypes.find(whole.at, end)
  lastCount = eventEnd + linkEnd === 0 ? own : u32.MAX_VALUE
}

/** Whether all attributes of the current row are text. */
function isText(pairs: Pairs): bool {
  const types = pairs.types.at
  for (let at = pairs.pendingFrom(); at < pairs.keys.count; at += 1)
    if (load<u8>(types + at) !== STRING_TYPE) return false
  return true
}

/** Appends the letters of the current row, unless all are text; returns the new length. */
function append(to: HeapBlock, length: u32, pairs: Pairs): u32 {
  return isText(pairs) ? length : appended(to, length, pairs)
}

function appended(to: HeapBlock, length: u32, pairs: Pairs): u32 {
  const from = pairs.pendingFrom()
  const count = pairs.keys.count - from
  // Also where there is none: what is compared must have memory.
  to.reserve(length + count + 1)
  memory.copy(to.at + length, pairs.types.at + from, count)
  return length + count
}

function copied(length: u32, from: HeapBlock, bytes: u32): u32 {
  whole.reserve(length + bytes + 1)
  if (bytes !== 0) memory.copy(whole.at + length, from.at, bytes)
  return length + bytes
}

function separate(to: HeapBlock, length: u32, sign: u32): u32 {
  to.reserve(length + 1)
  store<u8>(to.at + length, sign)
  return length + 1
}
