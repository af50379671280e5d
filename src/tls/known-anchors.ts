// The trust anchors Meta's webhooks are known to use, by fingerprint: to recognise files, never to trust by itself.
// Sources: DigiCert's root from Debian's ca-certificates; Meta's from its page "Webhooks / Getting started / mTLS".

export interface KnownAnchor {
  /** Its name in a configuration, where nobody chose another. */
  readonly name: string
  readonly label: string
  /** SHA-256 of the DER bytes, as openssl prints it. */
  readonly fingerprint: string
  /** Whether Meta's client certificate hangs under it today. */
  readonly current: boolean
  readonly note: string
}

export const KNOWN_ANCHORS: readonly KnownAnchor[] = [
  {
    name: 'meta-2025-12',
    label: 'Meta Outbound API CA 2025-12',
    fingerprint:
      'DE:CB:20:96:C4:8B:2B:14:68:58:03:FE:9E:A1:E1:BC:D4:13:95:35:42:19:E3:1A:87:70:0E:58:62:A4:78:BF',
    current: true,
    note: "signs Meta's webhook client certificate since 2026-03-31",
  },
  {
    name: 'digicert-ev',
    label: 'DigiCert High Assurance EV Root CA',
    fingerprint:
      '74:31:E5:F4:C3:C1:CE:46:90:77:4F:0B:61:E0:54:40:88:3B:A9:A0:1E:D0:0B:A6:AB:D7:80:6E:D3:B1:18:CF',
    current: false,
    note: "the chain of Meta's former client certificate, which expired on 2026-04-15",
  },
]

export function knownAnchor(fingerprint: string): KnownAnchor | undefined {
  return KNOWN_ANCHORS.find((known) => known.fingerprint === fingerprint)
}
