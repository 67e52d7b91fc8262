/**
 * Boards for Grafana as code: a board is a list of panels with one query each, and write.ts makes Grafana's JSON from
 * it. Queries use the ClickHouse data source, which points at Wattline's `/clickhouse/` endpoint, so they are fenced by
 * tenant and work the same on a laptop and on a cluster.
 */

/** Data source that deploy/grafana/datasource.yaml provisions. */
export const DATASOURCE = { type: 'grafana-clickhouse-datasource', uid: 'wattline' } as const

/** Width out of 24 columns, height in units of about 30 pixels. */
interface PanelSize {
  readonly w: number
  readonly h: number
}

interface Panel extends PanelSize {
  readonly title: string
  /** The meaning of the numbers and what they leave out; shown by the panel's information icon. */
  readonly description: string
  readonly kind: 'stat' | 'timeseries' | 'table' | 'barchart'
  /** With Grafana's macros; one SELECT that the fence accepts. */
  readonly sql: string
  /** A Grafana unit for every numeric column, unless `units` names the column. */
  readonly unit?: string
  /** Units of columns by name, in tables. */
  readonly units?: Readonly<Record<string, string>>
  readonly isStacked?: boolean
}

/** A selection above the board. Its `column` is used in SQL conditions, see `chosen`. */
export interface Variable {
  readonly name: string
  readonly label: string
  /** The column to select by. */
  readonly column: string
  /** One column of values. */
  readonly sql: string
}

/** Condition for rows that match the viewer's selection. */
export const chosen = ({ name, column }: Variable): string => `has([\${${name}:singlequote}], ${column})`

/** What `boardModel` turns into the JSON that Grafana loads. */
export interface Board {
  /** Also the file name. */
  readonly uid: string
  readonly title: string
  readonly description: string
  /** Initial time range, such as `now-3h`. */
  readonly from: string
  /** Shortest distance between two points: that of the rows. */
  readonly interval: string
  readonly variables: readonly Variable[]
  readonly panels: readonly Panel[]
}

const TIME_SERIES = 0
const TABLE = 1

/** The model that Grafana loads from a file. */
export function boardModel(board: Board): unknown {
  return {
    uid: board.uid,
    title: board.title,
    description: board.description,
    tags: ['wattline'],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: '1m',
    time: { from: board.from, to: 'now' },
    timezone: 'browser',
    templating: { list: board.variables.map(variableModel) },
    panels: placed(board.panels).map(({ panel, x, y }, index) => panelModel(board, panel, index + 1, x, y)),
  }
}

/** `All` is the column itself, which equals every row's own value, and not a list of a hundred thousand names. */
const variableModel = ({ name, label, column, sql }: Variable): unknown => ({
  name,
  label,
  type: 'query',
  datasource: DATASOURCE,
  query: sql,
  definition: sql,
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  allValue: column,
  current: { selected: true, text: ['All'], value: ['$__all'] },
})

/** From left to right, with a new row when the width is used up. */
function placed(panels: readonly Panel[]): { panel: Panel; x: number; y: number }[] {
  let [x, y, rowHeight] = [0, 0, 0]
  return panels.map(panel => {
    if (x + panel.w > 24) [x, y, rowHeight] = [0, y + rowHeight, 0]
    const place = { panel, x, y }
    x += panel.w
    rowHeight = Math.max(rowHeight, panel.h)
    return place
  })
}

function panelModel(board: Board, panel: Panel, id: number, x: number, y: number): unknown {
  const { kind, title, description, sql, unit } = panel
  return {
    id,
    type: kind,
    title,
    description,
    datasource: DATASOURCE,
    gridPos: { x, y, w: panel.w, h: panel.h },
    interval: board.interval,
    targets: [
      {
        refId: 'A',
        datasource: DATASOURCE,
        editorType: 'sql',
        queryType: kind === 'timeseries' ? 'timeseries' : 'table',
        format: kind === 'timeseries' ? TIME_SERIES : TABLE,
        rawSql: sql.trim(),
        pluginVersion: '4.20.0',
      },
    ],
    fieldConfig: {
      defaults: {
        ...(unit === undefined ? {} : { unit }),
        // Unknown is not zero.
        noValue: 'unknown',
        ...(kind === 'timeseries' ? { custom: lineStyle(panel) } : {}),
      },
      overrides: Object.entries(panel.units ?? {}).map(([column, columnUnit]) => ({
        matcher: { id: 'byName', options: column },
        properties: [{ id: 'unit', value: columnUnit }],
      })),
    },
    options: optionsOf(kind),
  }
}

const lineStyle = ({ isStacked = false }: Panel): unknown => ({
  lineInterpolation: 'stepAfter',
  fillOpacity: isStacked ? 60 : 0,
  lineWidth: isStacked ? 0 : 1,
  // A gap stays a gap: nothing was measured.
  spanNulls: false,
  stacking: { mode: isStacked ? 'normal' : 'none', group: 'A' },
})

function optionsOf(kind: Panel['kind']): unknown {
  switch (kind) {
    case 'stat':
      return {
        reduceOptions: { calcs: ['lastNotNull'], fields: '', values: true, limit: 5 },
        colorMode: 'none',
      }
    case 'timeseries':
      return {
        legend: { displayMode: 'list', placement: 'bottom' },
        tooltip: { mode: 'multi', sort: 'desc' },
      }
    case 'barchart':
      return {
        stacking: 'normal',
        legend: { displayMode: 'list', placement: 'bottom' },
        xTickLabelRotation: -45,
      }
    case 'table':
      return { showHeader: true, cellHeight: 'sm' }
  }
}
