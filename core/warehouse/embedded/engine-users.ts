import { MAX_QUERY_BYTES } from '../fence/fence.ts'
import type { RowPolicy } from '../fence/policies.ts'

/**
 * The engine's users file: the one user of every session, and the row policies. The embedded engine has no other place
 * for them; a policy without a table name covers the whole database.
 */
export const engineUsersXml = (database: string, policies: readonly RowPolicy[]): string =>
  [
    '<clickhouse>',
    `  <profiles><default><max_query_size>${MAX_QUERY_BYTES}</max_query_size></default></profiles>`,
    '  <quotas><default/></quotas>',
    '  <users>',
    '    <default>',
    '      <password/>',
    '      <networks><ip>::/0</ip></networks>',
    '      <profile>default</profile>',
    '      <quota>default</quota>',
    '      <databases>',
    `        <${database}>`,
    ...policies.map(
      ({ table, filter }) =>
        `          <table name="${escaped(table ?? '')}"><filter>${escaped(filter)}</filter></table>`,
    ),
    `        </${database}>`,
    '      </databases>',
    '    </default>',
    '  </users>',
    '</clickhouse>',
    '',
  ].join('\n')

/** Escapes text for XML, including double quotes. */
export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
