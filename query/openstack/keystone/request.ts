import { z } from 'zod'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'

const text = z.string().max(512)

/** Who asks for a token, as Keystone's clients write it: https://docs.openstack.org/api-ref/identity/v3 */
const askedToken = z.object({
  auth: z.object({
    identity: z.object({
      methods: z.array(text).min(1).max(8),
      password: z
        .object({ user: z.object({ id: text.optional(), name: text.optional(), password: text }) })
        .optional(),
      application_credential: z
        .object({ id: text.optional(), name: text.optional(), secret: text.optional() })
        .optional(),
      token: z.object({ id: text }).optional(),
    }),
  }),
})

/** What a client presents instead of a user's password. */
export interface Presented {
  /** A token of Wattline, if it is one. */
  readonly token: string
  readonly user: string
  readonly methods: readonly string[]
}

/** A body that is not Keystone's. */
const unusable = (): WattlineError =>
  new WattlineError(
    'parameter_invalid',
    'Expected a request for a token as Keystone 3 reads it, with the method password, application_credential or token.',
  )

/**
 * The credential in the body of a request for a token. KEDA sends the secret of an application credential as its id.
 * @throws WattlineError `parameter_invalid`
 */
export function presentedIn(body: string): Presented {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    throw unusable()
  }
  const asked = askedToken.safeParse(value)
  if (!asked.success) throw unusable()
  const { methods, password, application_credential: application, token } = asked.data.auth.identity
  const user = password?.user.id ?? password?.user.name ?? application?.name ?? application?.id ?? ''
  if (password !== undefined) return { token: password.user.password, user, methods }
  if (application !== undefined)
    return { token: application.secret || application.id || '', user: application.name ?? '', methods }
  if (token !== undefined) return { token: token.id, user, methods }
  throw unusable()
}
