// Names of fields as they come from outside: those that must not reach the upstream, and those that must.

/** Every field that asserts who, whence or on whose behalf, as others write it; and what only we may say. */
export const FORGED = [
  'X-Forwarded-For',
  'X-Forwarded-Proto',
  'X-Forwarded-Host',
  'X-Forwarded-Port',
  'X-Forwarded-Client-Cert',
  'X-Forwarded-Anything',
  'Forwarded',
  'X-Real-IP',
  'True-Client-IP',
  'Client-Cert',
  'Client-Cert-Chain',
  'X-SSL-Cert',
  'X-SSL-Client-Verify',
  'SSL-Client-Cert',
  'SSL-Client-S-Dn',
  'X-Client-Cert',
  'X-Client-Cert-Subject',
  'X-Amzn-Mtls-Clientcert',
  'X-Amzn-Mtls-Clientcert-Subject',
  'Cf-Client-Cert-Der-Base64',
  'Cf-Client-Cert-Verified',
  'Hubgate-Verified',
  'Hubgate-App',
  'Hubgate-Anything',
  'Proxy',
  'X-Request-Id',
  'Cf-Connecting-IP',
  'X-Client-IP',
]
/** What libraries read, and what nginx is often configured to send. */
export const USED_ELSEWHERE = [
  'X-Appengine-User-IP',
  'X-Azure-ClientIP',
  'X-Azure-SocketIP',
  'Fly-Client-IP',
  'Cf-Pseudo-IPv4',
  'X-Client-Verify',
  'X-Client-DN',
  'X-Client-S-DN',
  'Remote-User',
  'X-Remote-User',
]
/** Servers that follow CGI read these as others. */
export const UNDERSCORED = [
  'X_Forwarded_For',
  'Hubgate_Verified',
  'client_cert',
  '_',
  'X-Custom_Field',
  'X_Hub_Signature_256',
]
/** RFC 9110 §7.6.1. */
export const HOP_BY_HOP = [
  'Connection',
  'Keep-Alive',
  'Proxy-Connection',
  'Proxy-Authenticate',
  'Proxy-Authorization',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
]
/** Near misses, and what has to pass. */
export const END_TO_END = [
  'traceparent',
  'tracestate',
  'Cookie',
  'Authorization',
  'X-Hub-Signature',
  'X-Realm',
  'Client',
  'Proxyish',
]
