import type { ComponentChildren } from 'preact'

/** One of a few choices, as a row of radio buttons: arrow keys move, Tab leaves, as users expect. */
export function Segmented<V extends string>(props: {
  readonly label: string
  readonly name: string
  readonly choices: readonly { readonly value: V; readonly label: string; readonly long?: string }[]
  readonly value: V
  readonly onChoose: (value: V) => void
}) {
  return (
    <fieldset class="segmented">
      <legend class="visually-hidden">{props.label}</legend>
      {props.choices.map(choice => (
        <label key={choice.value} title={choice.long}>
          <input
            type="radio"
            name={props.name}
            value={choice.value}
            checked={choice.value === props.value}
            onChange={() => props.onChoose(choice.value)}
          />
          <span>{choice.label}</span>
        </label>
      ))}
    </fieldset>
  )
}

type Tone = 'measured' | 'interpolated' | 'estimated' | 'simulated' | 'plain' | 'bad' | 'good'

/** A short label about the quality of the value next to it. */
export function Badge(props: {
  readonly tone: Tone
  readonly title?: string
  readonly children: ComponentChildren
}) {
  return (
    <span class={`badge badge-${props.tone}`} title={props.title}>
      {props.children}
    </span>
  )
}

/** Placeholder for missing data that says how to get it. */
export function Empty(props: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{props.title}</p>
      {props.children}
    </div>
  )
}

/** What failed, and what to do. */
export const Failed = ({
  error,
}: {
  readonly error: { readonly message: string; readonly remedy: string }
}) => (
  <Empty title={error.message}>
    <p>{error.remedy}</p>
  </Empty>
)

/** A bar split into parts. Shares are 0..1; the label states the same as text. */
export function SplitBar(props: {
  readonly label: string
  readonly parts: readonly { readonly name: string; readonly share: number }[]
}) {
  return (
    <div class="split" role="img" aria-label={props.label}>
      {props.parts
        .filter(part => part.share > 0)
        .map(part => (
          <i key={part.name} class={`part-${part.name}`} style={{ 'flex-grow': String(part.share) }} />
        ))}
    </div>
  )
}
