import type { ComponentChildren } from 'preact'
import type { Polled } from '../hooks/use-poll.ts'
import { Empty, Failed } from './small.tsx'

/** A card with what a route answers, or why it does not. */
export function Part<T>(props: {
  readonly title: string
  readonly answer: Pick<Polled<T>, 'data' | 'error'>
  /** Beside the title. */
  readonly head?: ComponentChildren
  readonly children: (data: T) => ComponentChildren
}) {
  const { data, error } = props.answer
  return (
    <section class="card" aria-label={props.title} aria-busy={data === null}>
      <div class="card-head">
        <h2>{props.title}</h2>
        {props.head}
      </div>
      {data !== null && props.children(data)}
      {data === null && error === null && <Empty title="Fetching…" />}
      {data === null && error !== null && <Failed error={error} />}
    </section>
  )
}
