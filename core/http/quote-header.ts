/** Quotes untrusted text (a header or a path) in a message: short, and without line breaks. */
export const quoteHeader = (text: string | undefined): string => JSON.stringify((text ?? '').slice(0, 100))
