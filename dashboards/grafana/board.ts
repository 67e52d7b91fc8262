/**
 * Boards for Grafana as code: what a board says is a list of panels with one query each; the JSON that Grafana reads is made
 * from it by write.ts. Queries go to the ClickHouse data source, which asks Wattline's `/clickhouse/` door, so that they are
 * fenced by tenant and work the same on a laptop and on a cluster.
 */

/** Data source that deploy/grafana/datasource.yaml provisions. */
export const DATASOURCE = { type: 'grafana-clickhouse-datasource', uid: 'wattline' } as const

/** Width is of 24 columns, height of about 30 pixels a unit. */
interface PanelSize {
  readonly w: number
  readonly h: number
}

interface Panel extends PanelSize {
  readonly title: string
  /** What the numbers mean and what they leave out; shown by the panel's information mark. */
  readonly description: string
  readonly kind: 'stat' | 'timeseries' | 'table' | 'barchart'
  /** With Grafana's macros; one SELECT that the fence lets through. */
  readonly sql: string
  /** Of Grafana's units; of every column that is a number, unless `units` names it. */
  readonly unit?: string
  /** Units of columns by name, in tables. */
  readonly units?: Readonly<Record<string, string>>
  readonly isStacked?: boolean
}

/** A choice above the board. Its `column` stands in SQL conditions, see `chosen`. */
export interface Variable {
  readonly name: string
  readonly label: string
  /** What it chooses by. */
  readonly column: string
  /** One column of values. */
  readonly sql: string
}

/** Condition that a row belongs to what the viewer chose. */
export const chosen = ({ name, column }: Variable): string => `has([\${${name}:singlequote}], ${column})`

/** What `boardModel` turns into the JSON that Grafana loads. */
export interface Board {
  /** Also the name of the file. */
  readonly uid: string
  readonly title: string
  readonly description: string
  /** Range that is shown first, such as `now-3h`. */
  readonly from: string
  /** Shortest distance of two points: that of the rows. */
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

/** `All` is the column itself, which every row's own value equals, and not a list of a hundred thousand names. */
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

/** From left to right, a new row where the width is full. */
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
  // A gap is a gap: nothing was measured.
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
