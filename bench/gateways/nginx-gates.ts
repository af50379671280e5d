// The signature check inside nginx, in its two scripting languages. Both use OpenSSL's HMAC, which is the fastest way they have.

/** WebCrypto: njs's own crypto module computes SHA-256 without the processor's help. verify() compares in constant time. */
export const NJS_GATE = (secret: string): string => `
const algorithm = { name: 'HMAC', hash: 'SHA-256' }
const secret = Buffer.from('${secret}')
async function verify(r) {
  const field = r.headersIn['X-Hub-Signature-256'] || ''
  const match = /^sha256=([0-9a-f]{64})$/.exec(field)
  if (r.method !== 'POST' || match === null) return r.return(403)
  const key = await crypto.subtle.importKey('raw', secret, algorithm, false, ['verify'])
  const good = await crypto.subtle.verify(algorithm, key, Buffer.from(match[1], 'hex'), r.requestBuffer)
  if (good) r.internalRedirect('@consumer')
  else r.return(403)
}
export default { verify }
`

/** LuaJIT's FFI calls the libcrypto that nginx has loaded in any case. */
export const LUA_GATE = (secret: string): string => `
local ffi = require 'ffi'
ffi.cdef[[
  typedef struct evp_md_st EVP_MD;
  const EVP_MD *EVP_sha256(void);
  unsigned char *HMAC(const EVP_MD *md, const void *key, int key_len, const unsigned char *d, size_t n, unsigned char *out, unsigned int *out_len);
  int CRYPTO_memcmp(const void *a, const void *b, size_t len);
]]
local libcrypto = ffi.load('crypto.so.3')
local sha256, secret = libcrypto.EVP_sha256(), '${secret}'
local digest, given = ffi.new('unsigned char[32]'), ffi.new('unsigned char[32]')
function gate()
  local hex = ngx.req.get_method() == 'POST' and string.match(ngx.var.http_x_hub_signature_256 or '', '^sha256=([0-9a-f]+)$')
  if not hex or #hex ~= 64 then return ngx.exit(403) end
  ngx.req.read_body()
  local body = ngx.req.get_body_data() or ''
  libcrypto.HMAC(sha256, secret, #secret, body, #body, digest, nil)
  for i = 0, 31 do given[i] = tonumber(string.sub(hex, 2 * i + 1, 2 * i + 2), 16) end
  if libcrypto.CRYPTO_memcmp(digest, given, 32) ~= 0 then return ngx.exit(403) end
end
`
