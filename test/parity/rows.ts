// The one table: every case, and what each way in makes of it.
import { ADDRESS_ROWS } from './addresses.ts'
import { CERTIFICATE_ROWS } from './certificates.ts'
import { REQUEST_ROWS } from './requests.ts'
import type { Row } from './row.ts'

export const ROWS: readonly Row[] = [...REQUEST_ROWS, ...CERTIFICATE_ROWS, ...ADDRESS_ROWS]
