import { readAttribute } from './attributes'
import { ABSENT, MISSHAPEN, readId } from './ids'
import {
  EVENT,
  enter,
  LINK,
  moveTo,
  position,
  readFixed64,
  readLength,
  readTag,
  readVarint,
  SPAN,
  STATUS,
  skip,
} from './reader'
import { batch } from './request'

/** What is nested in a span: events and links go straight into their lists, the status is kept for the row. */

/** A link of the span in hand has an id of a wrong length. */
export let linkMisshapen: bool = false
export let statusCode: u32 = 0
export let messageFrom: usize = 0
export let messageLength: u32 = 0

export function beginParts(): void {
  linkMisshapen = false
  statusCode = 0
  messageLength = 0
}

export function readEvent(spanEnd: usize): void {
  const end = readLength(spanEnd)
  const pairs = batch.eventAttributes
  let timeNano: u64 = 0
  let name: usize = 0
  let nameLength: u32 = 0
  let attributes: u32 = 0
  enter(EVENT)
  for (let tag = readTag(end); tag !== 0; tag = readTag(end)) {
    if (tag === 0x1a) {
      readAttribute(end, pairs, attributes)
      attributes += 1
    } else if (tag === 0x09) timeNano = readFixed64(end)
    else if (tag === 0x12) {
      const stop = readLength(end)
      name = position
      nameLength = <u32>(stop - name)
      moveTo(stop)
    } else if (tag === 0x20) readVarint(end)
    else skip(tag, end, 0b11110)
  }
  const events = batch.events + 1
  batch.eventTimes.reserve(events << 3)
  batch.eventNames.reserveEntries(events)
  pairs.reserve(events)
  store<u64>(batch.eventTimes.at + (<usize>batch.events << 3), timeNano)
  batch.eventNames.append(batch.eventNames.find(name, nameLength))
  pairs.endRow()
  batch.events = events
  enter(SPAN)
}

export function readLink(spanEnd: usize): void {
  const end = readLength(spanEnd)
  const pairs = batch.linkAttributes
  let traceId = ABSENT
  let spanId = ABSENT
  let state: usize = 0
  let stateLength: u32 = 0
  let attributes: u32 = 0
  enter(LINK)
  for (let tag = readTag(end); tag !== 0; tag = readTag(end)) {
    if (tag === 0x0a) traceId = readId(end, 16)
    else if (tag === 0x12) spanId = readId(end, 8)
    else if (tag === 0x1a) {
      const stop = readLength(end)
      state = position
      stateLength = <u32>(stop - state)
      moveTo(stop)
    } else if (tag === 0x22) {
      readAttribute(end, pairs, attributes)
      attributes += 1
    } else if (tag === 0x28) readVarint(end)
    else skip(tag, end, tag === 0x35 ? 0 : 0b1111110)
  }
  if (traceId === MISSHAPEN || spanId === MISSHAPEN) linkMisshapen = true
  const links = batch.links + 1
  batch.linkTraceIds.reserve(links)
  batch.linkSpanIds.reserve(links)
  batch.linkStates.reserve(links)
  pairs.reserve(links)
  batch.linkTraceIds.append(traceId === MISSHAPEN ? ABSENT : traceId)
  batch.linkSpanIds.append(spanId === MISSHAPEN ? ABSENT : spanId)
  batch.linkStates.append(state, stateLength)
  pairs.endRow()
  batch.links = links
  enter(SPAN)
}

export function readStatus(spanEnd: usize): void {
  const end = readLength(spanEnd)
  enter(STATUS)
  for (let tag = readTag(end); tag !== 0; tag = readTag(end)) {
    if (tag === 0x12) {
      const stop = readLength(end)
      messageFrom = position
      messageLength = <u32>(stop - messageFrom)
      moveTo(stop)
    } else if (tag === 0x18) statusCode = <u32>readVarint(end)
    else skip(tag, end, 0b1100)
  }
  enter(SPAN)
}
