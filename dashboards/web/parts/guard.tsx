import { Component, type ComponentChildren } from 'preact'
import { Empty } from './small.tsx'

interface Props {
  readonly children: ComponentChildren
}
interface GuardState {
  readonly failure: string | null
}

/** Prevents a defect in one part of the page from blanking the others. */
export class Guard extends Component<Props, GuardState> {
  override state: GuardState = { failure: null }

  static override getDerivedStateFromError(error: unknown): GuardState {
    return { failure: error instanceof Error ? error.message : String(error) }
  }

  override render() {
    if (this.state.failure === null) return this.props.children
    return (
      <section class="card">
        <Empty title="This part of the page failed">
          <p>
            Reload the page. If it comes back this is a defect in Wattline: please report it with this line:{' '}
            <code>{this.state.failure}</code>
          </p>
        </Empty>
      </section>
    )
  }
}
