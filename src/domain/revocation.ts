// What revocation lists say of a client's certificate and those above it. Reading lists is the tls room's; refusing the gate's.

export type RevocationStatus =
  | { readonly status: 'good' }
  /** Its issuer, or that of one above it, has taken it back. */
  | { readonly status: 'revoked'; readonly detail: string }
  /** No current list speaks about it, or about one above it. */
  | { readonly status: 'unknown'; readonly detail: string }
