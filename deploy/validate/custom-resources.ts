/**
 * Validates custom resources against the schemas in their definitions, as the API server would; unknown fields are
 * refused.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import { parseAllDocuments } from 'yaml'
import { type KubernetesManifest, nameOf } from './manifest.ts'

interface Definition {
  readonly spec: {
    readonly group: string
    readonly names: { readonly kind: string }
    readonly versions: readonly {
      readonly name: string
      readonly schema: { readonly openAPIV3Schema: object }
    }[]
  }
}

type JsonSchema = Record<string, unknown>

/** Reads every definition in the given folders, such as KEDA's, and validates manifests against them. */
export class CustomResources {
  readonly #schemas = new Map<string, object>()
  readonly #compiled = new Map<string, ValidateFunction>()
  readonly #ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false })

  constructor(folders: readonly string[]) {
    for (const folder of folders) {
      for (const name of readdirSync(folder).filter(file => /\.ya?ml$/.test(file))) {
        for (const document of parseAllDocuments(readFileSync(join(folder, name), 'utf8'))) {
          this.#add(document.toJS() as Definition | null)
        }
      }
    }
  }

  #add(definition: Definition | null): void {
    if (definition?.spec?.versions === undefined) return
    const { group, names, versions } = definition.spec
    for (const { name, schema } of versions) {
      this.#schemas.set(`${group}/${name} ${names.kind}`, closed(schema.openAPIV3Schema) as object)
    }
  }

  knows({ apiVersion, kind }: KubernetesManifest): boolean {
    return this.#schemas.has(`${apiVersion} ${kind}`)
  }

  /** The problems of the manifest according to its definition. */
  problemsOf(manifest: KubernetesManifest): string[] {
    const key = `${manifest.apiVersion} ${manifest.kind}`
    const validate = this.#compiled.get(key) ?? this.#ajv.compile(this.#schemas.get(key)!)
    this.#compiled.set(key, validate)
    validate(manifest)
    return (validate.errors ?? []).map(({ instancePath, message, params }) => {
      const extra = 'additionalProperty' in params ? ` ${String(params['additionalProperty'])}` : ''
      return `${nameOf(manifest)} ${instancePath} ${message}${extra}`
    })
  }
}

/** The API server drops fields that a definition does not name; here they are errors. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const copy: JsonSchema = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, closed(value)]),
  )
  const isFree = copy['x-kubernetes-preserve-unknown-fields'] === true || 'additionalProperties' in copy
  const properties = copy['properties']
  if (typeof properties !== 'object' || properties === null || isFree) return orString(copy)
  // Their own schema is that of Kubernetes, which definitions omit.
  const isRoot = 'apiVersion' in properties && 'metadata' in properties
  return {
    ...copy,
    ...(isRoot ? { properties: { ...properties, metadata: {} } } : {}),
    additionalProperties: false,
  }
}

const orString = (schema: JsonSchema): JsonSchema =>
  schema['x-kubernetes-int-or-string'] === true ? { ...schema, type: ['integer', 'string'] } : schema
