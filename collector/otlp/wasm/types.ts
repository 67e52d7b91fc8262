import { Pairs } from './columns'
import { Block } from './memory'
import { batch } from './request'

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

const resourceTypes: Block = Block.make()
let resourceLength: u32 = 0
const eventTypes: Block = Block.make()
let eventLength: u32 = 0
/** Up to the last letter. */
let eventEnd: u32 = 0
let events: u32 = 0
const linkTypes: Block = Block.make()
let linkLength: u32 = 0
let linkEnd: u32 = 0
let links: u32 = 0
const whole: Block = Block.make()
/** A guess for the id of the next text. */
let hint: u32 = 0

/** Forgets the previous span. */
export function beginTypes(): void {
  eventLength = 0
  eventEnd = 0
  events = 0
  linkLength = 0
  linkEnd = 0
  links = 0
}

/** Keeps the types of the current row of resource attributes. */
export function keepResourceTypes(pairs: Pairs): void {
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
  const column = batch.attributeTypes
  if (resourceLength === 0 && eventEnd === 0 && linkEnd === 0 && isText(pairs)) {
    column.append(column.internEmpty())
    return
  }
  let end = resourceLength
  let length = copy(0, resourceTypes, resourceLength)
  length = separate(whole, length, SLASH)
  const own = append(whole, length, pairs)
  if (own !== length) end = own
  length = separate(whole, own, SLASH)
  if (eventEnd !== 0) {
    length = copy(length, eventTypes, eventEnd)
    end = length
  }
  length = separate(whole, length, SLASH)
  if (linkEnd !== 0) end = copy(length, linkTypes, linkEnd)
  hint = column.intern(whole.at, end, hint)
  column.append(hint)
}

/** Whether all attributes of the current row are text. */
function isText(pairs: Pairs): bool {
  const count = pairs.keys.count - pairs.pendingFrom()
  const types = pairs.types.at
  for (let at: u32 = 0; at < count; at += 1) if (load<u8>(types + at) !== STRING_TYPE) return false
  return true
}

/** Appends the letters of the current row, unless all are text; returns the new length. */
function append(to: Block, length: u32, pairs: Pairs): u32 {
  if (isText(pairs)) return length
  const count = pairs.keys.count - pairs.pendingFrom()
  to.reserve(length + count)
  memory.copy(to.at + length, pairs.types.at, count)
  return length + count
}

function copy(length: u32, from: Block, bytes: u32): u32 {
  whole.reserve(length + bytes)
  if (bytes !== 0) memory.copy(whole.at + length, from.at, bytes)
  return length + bytes
}

function separate(to: Block, length: u32, sign: u32): u32 {
  to.reserve(length + 1)
  store<u8>(to.at + length, sign)
  return length + 1
}
