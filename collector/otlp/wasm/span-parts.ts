import { readAttribute } from './attributes'
import { ABSENT, Id, MISSHAPEN } from './ids'
import { EVENT, LINK, SPAN, STATUS } from './numbers'
import { position, Reader, skip } from './reader'
import { batch } from './request'
import { EventTag, Fields, LinkTag, StatusTag } from './tags'
import { addEventTypes, addLinkTypes, beginTypes } from './types'

/** Nested parts of a span: events and links go directly into their lists, the status is kept for the row. */

/** A link of the current span has an id of a wrong length. */
export let linkMisshapen: bool = false
/** Status of the current span; 0 (unset) when it has none. */
export let statusCode: u32 = 0
/** Address of the status message; meaningful only where `messageLength` is above 0. */
export let messageFrom: usize = 0
/** Bytes of the status message. */
export let messageLength: u32 = 0

/** Forgets the previous span. */
export function beginParts(): void {
  linkMisshapen = false
  statusCode = 0
  messageLength = 0
  beginTypes()
}

/** Reads a Span.Event into the event columns. */
export function readEvent(spanEnd: usize): void {
  const end = Reader.length(spanEnd)
  const pairs = batch.eventsAttributes
  let timeNano: u64 = 0
  let name: usize = 0
  let nameLength: u32 = 0
  let attributes: u32 = 0
  Reader.enter(EVENT)
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    if (tag === EventTag.attributes) {
      readAttribute(end, pairs, attributes)
      attributes += 1
    } else if (tag === EventTag.timeUnixNano) timeNano = Reader.fixed64(end)
    else if (tag === EventTag.name) {
      const stop = Reader.length(end)
      name = position
      nameLength = <u32>(stop - name)
      Reader.moveTo(stop)
    } else if (tag === EventTag.droppedAttributesCount) Reader.varint(end)
    else skip(tag, end, Fields.Event)
  }
  const events = batch.events + 1
  batch.eventsTimestamp.reserve(events << 3)
  batch.eventsName.reserveEntries(events)
  pairs.reserve(events)
  store<u64>(batch.eventsTimestamp.at + ((<usize>batch.events) << 3), timeNano)
  batch.eventsName.append(batch.eventsName.find(name, nameLength))
  addEventTypes(pairs)
  pairs.endRow()
  batch.events = events
  Reader.enter(SPAN)
}

/** Reads a Span.Link into the link columns; sets `linkMisshapen` for ids of a wrong length. */
export function readLink(spanEnd: usize): void {
  const end = Reader.length(spanEnd)
  const pairs = batch.linksAttributes
  let traceId = ABSENT
  let spanId = ABSENT
  let state: usize = 0
  let stateLength: u32 = 0
  let attributes: u32 = 0
  Reader.enter(LINK)
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    if (tag === LinkTag.traceId) traceId = Id.read(end, 16)
    else if (tag === LinkTag.spanId) spanId = Id.read(end, 8)
    else if (tag === LinkTag.traceState) {
      const stop = Reader.length(end)
      state = position
      stateLength = <u32>(stop - state)
      Reader.moveTo(stop)
    } else if (tag === LinkTag.attributes) {
      readAttribute(end, pairs, attributes)
      attributes += 1
    } else if (tag === LinkTag.droppedAttributesCount) Reader.varint(end)
    else skip(tag, end, tag === LinkTag.flags ? 0 : Fields.Link)
  }
  if (traceId === MISSHAPEN || spanId === MISSHAPEN) linkMisshapen = true
  const links = batch.links + 1
  batch.linksTraceId.reserve(links)
  batch.linksSpanId.reserve(links)
  batch.linksTraceState.reserve(links)
  pairs.reserve(links)
  batch.linksTraceId.append(traceId === MISSHAPEN ? ABSENT : traceId)
  batch.linksSpanId.append(spanId === MISSHAPEN ? ABSENT : spanId)
  batch.linksTraceState.append(state, stateLength)
  addLinkTypes(pairs)
  pairs.endRow()
  batch.links = links
  Reader.enter(SPAN)
}

/** Reads a Status into the variables above. Several in one span are merged, as protobuf requires. */
export function readStatus(spanEnd: usize): void {
  const end = Reader.length(spanEnd)
  Reader.enter(STATUS)
  for (let tag = Reader.tag(end); tag !== 0; tag = Reader.tag(end)) {
    if (tag === StatusTag.message) {
      const stop = Reader.length(end)
      messageFrom = position
      messageLength = <u32>(stop - messageFrom)
      Reader.moveTo(stop)
    } else if (tag === StatusTag.code) statusCode = <u32>Reader.varint(end)
    else skip(tag, end, Fields.Status)
  }
  Reader.enter(SPAN)
}
