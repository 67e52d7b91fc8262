import { hash, randomBytes } from 'node:crypto'

/** Prefix of every token, so that secret scanners find one that was published by mistake. */
const TOKEN_PREFIX = 'wl_'

/** A new token: 256 random bits in base64url behind the prefix. `wl_[A-Za-z0-9_-]{43}` */
export const newToken = (): string => TOKEN_PREFIX + randomBytes(32).toString('base64url')

/** Whether the text has the form of a token. It may still be unknown. */
export const looksLikeToken = (text: string): boolean => /^wl_[A-Za-z0-9_-]{43}$/.test(text)

/** The stored form of a token. It has no salt and no slow hash, because 256 random bits cannot be guessed. */
export const tokenHash = (token: string): Buffer => hash('sha256', token, 'buffer')
