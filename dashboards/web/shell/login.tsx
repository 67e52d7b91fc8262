import { useState } from 'preact/hooks'
import { readToken } from '../lib/session.ts'

/** Replaces the page while the server requires a token. */
export function LoginScreen(props: {
  /** The token of this tab was refused. */
  readonly refused: boolean
  readonly onToken: (token: string) => void
}) {
  const [text, setText] = useState('')
  const [malformed, setMalformed] = useState(false)
  const submit = (event: Event): void => {
    event.preventDefault()
    const token = readToken(text)
    setMalformed(token === undefined)
    if (token !== undefined) props.onToken(token)
  }
  return (
    <section class="card login" aria-label="Access">
      <h2>This instance requires a token</h2>
      <p class="detail">
        Enter a token with scope read, made by <code>wattline token</code>. It stays in this tab until you
        close it.
      </p>
      <form onSubmit={submit}>
        <label>
          <span>Token</span>
          <input
            type="password"
            name="token"
            autocomplete="off"
            spellcheck={false}
            required
            value={text}
            onInput={event => setText(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Show the numbers</button>
      </form>
      <p class="login-refused" role="alert">
        {malformed
          ? 'This is not a token. A token begins with wl_.'
          : props.refused && 'The token is unknown or has expired.'}
      </p>
    </section>
  )
}
