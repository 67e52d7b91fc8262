/** What all items of a row's resource and scope share, written alike in all signals. */
import type { MapView } from '../../../core/columns/column-views.ts'
import { FIELD } from '../../../core/protobuf/otlp/fields.ts'
import { type Envelope, mapKey } from './message.ts'

const SCOPE = FIELD.InstrumentationScope

interface View<Value> {
  get(row: number): Value
}

/** Columns of the resource and the scope; traces keep fewer of them. */
interface OriginColumns {
  readonly ResourceAttributes: MapView
  readonly ResourceSchemaUrl?: View<string>
  readonly ScopeName: View<string>
  readonly ScopeVersion: View<string>
  readonly ScopeAttributes?: MapView
  readonly ScopeDroppedAttrCount?: View<number>
  readonly ScopeSchemaUrl?: View<string>
}

/** The part of an envelope that is around the items. */
export function envelopeAround(columns: OriginColumns): Omit<Envelope, 'items'> {
  const { ResourceAttributes, ResourceSchemaUrl, ScopeName, ScopeVersion, ScopeAttributes } = columns
  const { ScopeDroppedAttrCount, ScopeSchemaUrl } = columns
  const resourceUrl = (row: number): string => ResourceSchemaUrl?.get(row) ?? ''
  const scopeUrl = (row: number): string => ScopeSchemaUrl?.get(row) ?? ''
  return {
    resourceKey: row => `${resourceUrl(row)} ${mapKey(ResourceAttributes, row)}`,
    resource: (to, row) => to.attributes(FIELD.Resource.attributes, ResourceAttributes, row),
    resourceUrl,
    scopeKey: row =>
      JSON.stringify([
        ScopeName.get(row),
        ScopeVersion.get(row),
        scopeUrl(row),
        ScopeDroppedAttrCount?.get(row),
        ScopeAttributes === undefined ? '' : mapKey(ScopeAttributes, row),
      ]),
    scope(to, row) {
      to.text(SCOPE.name, ScopeName.get(row))
      to.text(SCOPE.version, ScopeVersion.get(row))
      if (ScopeAttributes !== undefined) to.attributes(SCOPE.attributes, ScopeAttributes, row)
      to.number(SCOPE.droppedAttributesCount, ScopeDroppedAttrCount?.get(row) ?? 0)
    },
    scopeUrl,
  }
}
