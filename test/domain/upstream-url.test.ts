// The grammar of upstream URLs, and every near miss of it.
import { describe, expect, it } from 'vitest'
import { parseUpstream } from '../../src/domain/upstream-url.ts'

describe('an upstream URL', () => {
  it.each([
    [
      'http://127.0.0.1:3000/webhooks',
      {
        protocol: 'http:',
        hostname: '127.0.0.1',
        port: 3000,
        authority: '127.0.0.1:3000',
        path: '/webhooks',
      },
    ],
    [
      'https://app.internal',
      { protocol: 'https:', hostname: 'app.internal', port: 443, authority: 'app.internal', path: '/' },
    ],
    ['http://app:80/', { hostname: 'app', port: 80, authority: 'app', path: '/' }],
    ['https://app:80/', { port: 80, authority: 'app:80' }],
    [
      'http://[2001:DB8::1]:8080/a',
      { hostname: '2001:db8::1', port: 8080, authority: '[2001:db8::1]:8080', path: '/a' },
    ],
    ['http://my_service.ns.svc.cluster.local./x', { hostname: 'my_service.ns.svc.cluster.local.' }],
    ['http://h/a%20b/;c@d:e', { path: '/a%20b/;c@d:e' }],
    [
      'unix:/run/app.sock:/webhooks',
      { protocol: 'http:', socketPath: '/run/app.sock', authority: 'localhost', path: '/webhooks' },
    ],
    ['unix:/run/app.sock', { socketPath: '/run/app.sock', path: '/' }],
  ])('%s is read', (text, expected) =>
    expect(parseUpstream(text)).toMatchObject({ label: text, ...expected }),
  )

  it.each([
    ['', 'is none of'],
    ['127.0.0.1:3000', 'is none of'],
    ['//h/', 'is none of'],
    ['ftp://h/', 'is none of'],
    ['HTTP://h/', 'is none of'],
    ['http:/h', 'is none of'],
    ['http:h', 'is none of'],
    ['http:///x', 'is none of'],
    ['http://h:/', 'is none of'],
    ['http://h:x/', 'is none of'],
    ['http://h\\x', 'the host is neither'],
    ['http://user@h/', 'holds credentials'],
    ['http://user:password@h/', 'holds credentials'],
    ['http://h/?a=1', 'has a query'],
    ['http://h?', 'has a query'],
    ['http://h/#x', 'a fragment'],
    ['http://h/a b', 'holds a space'],
    ['http://h/\r\nX: y', 'holds a space'],
    ['http://münchen/', 'holds a space'],
    ['http://h:0/', 'the port'],
    ['http://h:65536/', 'the port'],
    ['http://h:080/', 'the port'],
    ['http://h/../x', 'the path holds'],
    ['http://h/./x', 'the path holds'],
    ['http://h/%zz', 'the path has to'],
    ['http://h/<x>', 'the path has to'],
    ['http://127.1/', 'the host is neither'],
    ['http://0x7f.0.0.1/', 'the host is neither'],
    ['http://0x7f000001/', 'the host is neither'],
    ['http://017700000001/', 'the host is neither'],
    ['http://256.1.1.1/', 'the host is neither'],
    ['http://-a/', 'the host is neither'],
    ['http://a..b/', 'the host is neither'],
    ['http://[127.0.0.1]/', 'what stands in brackets'],
    ['http://[::1%25lo]/', 'what stands in brackets'],
    ['http://[]/', 'what stands in brackets'],
    ['unix:app.sock:/x', 'a Unix socket is written'],
    ['unix:/app.sock:x', 'the path has to'],
    ['unix:/app.sock:', 'the path has to'],
    [`unix:/${'x'.repeat(107)}`, 'the path of a Unix socket'],
  ])('%j is refused: %s', (text, message) => {
    expect(() => parseUpstream(text)).toThrow(SyntaxError)
    expect(() => parseUpstream(text)).toThrow(message)
  })

  it('never repeats a password', () => {
    for (const text of [
      'http://u:hunter2@h/',
      'ftp://u:hunter2@h/',
      'http://u:hunter2@h/ x',
      'http://u:hunter2@h/#',
      'hunter2',
    ])
      expect(() => parseUpstream(text)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('hunter2') }),
      )
  })
})
