/** URL of a listener, from its address and whether it has a certificate. */
export const urlOf = (
  { host, port }: { readonly host: string; readonly port: number },
  { tls }: { readonly tls?: object | undefined },
): string => `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`
