import { type DocumentOptions, type ParseOptions, parse, type SchemaOptions, type ToJSOptions } from 'yaml'

/** The parsed value, or the first line of the error message. */
export type YamlResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string }

/**
 * Parses YAML text; returns the value, or the first line of the error message. Never throws: besides its own errors,
 * the parser throws a ReferenceError for an alias without an anchor, or for too many aliases.
 */
export function parseYaml(
  text: string,
  options: ParseOptions & DocumentOptions & SchemaOptions & ToJSOptions = {},
): YamlResult {
  try {
    return { ok: true, value: parse(text, { logLevel: 'error', ...options }) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { ok: false, problem: message.split('\n')[0] || 'not YAML' }
  }
}
