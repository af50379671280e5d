// The connections of load.c: each sends one request at a time and looks at its answer. Part of that one program, so nothing is exported.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { HEAD = 16384, TAIL = 1000, MOST_REQUESTS = 256, DIALS = 64, DEADLINE = 120 };
enum state { CLOSED, CONNECTING, SHAKING, IDLE, BUSY };

struct request { int status; size_t length; char *bytes; };
struct conn { int fd; SSL *ssl; enum state state; uint32_t wanted; int request, head_done, closing; size_t sent, got, left; double begun; char head[HEAD]; };

static struct request requests[MOST_REQUESTS];
static int request_count, conn_count, source_count = 1, port, kept, raw, epoll, holding, rotating, cursor;
static long begun, ended, target, opened, held, ready;
static double *times;
static struct conn *conns;
static struct sockaddr_in source;
static SSL_CTX *context;

static void step(struct conn *c, int readable);

static void fail(const char *format, ...) {
  char why[400];
  va_list args;
  va_start(args, format);
  vsnprintf(why, sizeof why, format, args);
  va_end(args);
  for (char *at = why; *at; at++) if (*at == '"' || *at == '\\' || *at < ' ') *at = ' ';
  printf("{\"failed\":\"%s\"}\n", why);
  fflush(stdout);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void want(struct conn *c, uint32_t events) {
  if (c->wanted == events) return;
  struct epoll_event event = {.events = events, .data.ptr = c};
  epoll_ctl(epoll, c->wanted ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, c->fd, &event);
  c->wanted = events;
}

static void drop(struct conn *c) {
  if (c->ssl) {
    // Says good-bye, as a client does.
    if (c->state == BUSY || c->state == IDLE) SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    ERR_clear_error();
  }
  close(c->fd);
  c->ssl = NULL;
  c->wanted = 0;
  c->state = CLOSED;
}

static void dial(struct conn *c) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int on = 1;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c->fd < 0) fail("socket: %s", strerror(errno));
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  struct sockaddr_in from = source;
  from.sin_addr.s_addr = htonl(ntohl(source.sin_addr.s_addr) + (uint32_t)((c - conns) % source_count));
  if (source.sin_family && bind(c->fd, (void *)&from, sizeof from)) fail("bind: %s", strerror(errno));
  if (connect(c->fd, (void *)&to, sizeof to) && errno != EINPROGRESS) fail("connect: %s", strerror(errno));
  opened++;
  c->state = CONNECTING;
  want(c, EPOLLOUT);
}

/** Begins the next request, on a new connection where there is none. */
static void next(struct conn *c) {
  if (begun >= target) return;
  c->request = begun++ % request_count;
  c->sent = c->got = c->left = 0;
  c->head_done = c->closing = 0;
  c->begun = now();
  if (c->state == CLOSED) dial(c);
  else { c->state = BUSY; step(c, 0); }
}

/** The connection that has waited longest, where not all are busy at once. */
static struct conn *waiting(void) {
  do cursor = (cursor + 1) % conn_count;
  while (conns[cursor].state != IDLE && conns[cursor].state != CLOSED);
  return &conns[cursor];
}

static void done(struct conn *c) {
  times[ended++] = now() - c->begun;
  if (!kept || c->closing) drop(c);
  else if (c->state == BUSY) c->state = IDLE;
  next(rotating ? waiting() : c);
}

/** The connection ended before an answer was complete. */
static void lost(struct conn *c, const char *why) {
  int idle = c->state == IDLE;
  int expected = !idle && target > 0 && requests[c->request].status == 0;
  if (expected) { c->closing = 1; done(c); }
  else if (idle) drop(c);
  else fail("a connection ended %s: %s", c->state == BUSY ? "instead of an answer" : "before it stood", why);
}

static void head_read(struct conn *c) {
  char *end = strstr(c->head, "\r\n\r\n");
  if (!end) { if (c->got >= HEAD - 1) fail("an answer's head is too long"); return; }
  int status = c->got > 12 && !strncmp(c->head, "HTTP/1.", 7) ? atoi(c->head + 9) : 0;
  int wanted = requests[c->request].status;
  if (wanted ? status != wanted : status == 200) fail("answered %d instead of %d: %.150s", status, wanted, c->head);
  size_t have = c->got - (end + 4 - c->head);
  end[2] = 0;
  char *length = strcasestr(c->head, "\r\ncontent-length:");
  if (strcasestr(c->head, "\r\nconnection: close")) c->closing = 1;
  // Without a length the answer ends with the connection; nobody asks for more on it.
  if (!length && wanted == 200) fail("an answer has no Content-Length: %.150s", c->head);
  if (!length) c->closing = 1;
  size_t body = length ? strtoul(length + 17, NULL, 10) : have;
  if (wanted == 200 && body) fail("a 200 has a body: %.150s", c->head);
  if (have > body) fail("more came than was announced");
  c->head_done = 1;
  c->left = body - have;
}

/** Writes and reads as far as it goes. */
static void busy(struct conn *c, int readable) {
  struct request *r = &requests[c->request];
  size_t limit = c->state == IDLE ? c->sent : holding && r->length > TAIL ? r->length - TAIL : r->length;
  uint32_t events = EPOLLIN;
  while (c->sent < limit) {
    int n = SSL_write(c->ssl, r->bytes + c->sent, (int)(limit - c->sent));
    if (n > 0) {
      c->sent += n;
      if (holding && c->sent == limit) held++;
      continue;
    }
    int error = SSL_get_error(c->ssl, n);
    if (error == SSL_ERROR_WANT_WRITE) { events |= EPOLLOUT; break; }
    if (error == SSL_ERROR_WANT_READ) break;
    // What the server said before it closed may still lie there.
    ERR_clear_error();
    break;
  }
  if (readable)
    for (;;) {
      static char rest[65536];
      char *into = c->head_done ? rest : c->head + c->got;
      int n = SSL_read(c->ssl, into, (int)(c->head_done ? sizeof rest : HEAD - 1 - c->got));
      if (n <= 0) {
        int error = SSL_get_error(c->ssl, n);
        ERR_clear_error();
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) break;
        return lost(c, error == SSL_ERROR_ZERO_RETURN ? "closed" : "reset, or an alert");
      }
      if (c->state == IDLE) fail("bytes that nobody asked for");
      if (c->head_done) c->left -= n;
      else { c->got += n; c->head[c->got] = 0; head_read(c); }
      if (c->head_done && c->left == 0) {
        if (c->sent < r->length) c->closing = 1;
        return done(c);
      }
    }
  want(c, events);
}

static void step(struct conn *c, int readable) {
  if (c->state == CONNECTING) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) return lost(c, strerror(error));
    c->state = SHAKING;
    if (raw) return want(c, EPOLLIN);
    c->ssl = SSL_new(context);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_tlsext_host_name(c->ssl, "localhost");
  }
  if (c->state == SHAKING) {
    if (raw) {
      char byte;
      if (recv(c->fd, &byte, 1, 0) > 0) fail("a server spoke first");
      return lost(c, "refused");
    }
    int n = SSL_connect(c->ssl);
    if (n != 1) {
      int error = SSL_get_error(c->ssl, n);
      ERR_clear_error();
      if (error == SSL_ERROR_WANT_READ) return want(c, EPOLLIN);
      if (error == SSL_ERROR_WANT_WRITE) return want(c, EPOLLOUT);
      return lost(c, "in the handshake");
    }
    ready++;
    c->state = target > 0 ? BUSY : IDLE;
    if (c->state == IDLE) return want(c, EPOLLIN);
    readable = 0;
  }
  busy(c, readable);
}

static void until(long *counter, long goal) {
  struct epoll_event events[256];
  while (*counter < goal) {
    int n = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < n; i++) step(events[i].data.ptr, events[i].events & ~EPOLLOUT);
  }
}
