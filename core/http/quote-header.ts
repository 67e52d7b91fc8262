/** What a stranger sent, a header or a path, as a message quotes it: short, and with no line of its own. */
export const quoteHeader = (text: string | undefined): string => JSON.stringify((text ?? '').slice(0, 100))
