import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** The browser's own dialog keeps the focus inside, closes on Escape and returns the focus. */
export function Dialog(props: {
  readonly label: string
  readonly title: ComponentChildren
  readonly onClose: () => void
  readonly children: ComponentChildren
}) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} class="wide-dialog" aria-label={props.label} onClose={props.onClose} closedby="any">
      <div class="dialog-inner">
        <div class="card-head">
          <h2>{props.title}</h2>
          <button
            type="button"
            class="icon-button"
            aria-label="Close"
            onClick={() => dialog.current?.close()}
          >
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <path d="M6 6l12 12M18 6 6 18" />
            </svg>
          </button>
        </div>
        {props.children}
      </div>
    </dialog>
  )
}
