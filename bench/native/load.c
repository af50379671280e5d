// The load: sends ready-made requests over TLS 1.3 connections with a client certificate, one at a time on each, and looks at
// every answer. It costs less than any server it measures. bench/programs/load.mjs does the same where there is no compiler.
//
//   load MODE PORT CONNECTIONS SOURCE CERTIFICATE KEY (STATUS FILE)…
//
// kept: connections stay, unless the server closes one. fresh: each request has a new one. raw: TCP only, nothing is sent.
// Commands come as lines, each is answered by a line of JSON: `open`, `send COUNT`, `hold` (everything but the last bytes of one
// request on each connection), `release` (those, too). STATUS 0: any end but a 200 will do, such as a closed connection.
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

enum { HEAD = 16384, TAIL = 1000, MOST_REQUESTS = 256, DEADLINE = 120 };
enum state { CLOSED, CONNECTING, SHAKING, IDLE, BUSY };

struct request { int status; size_t length; char *bytes; };
struct conn { int fd; SSL *ssl; enum state state; uint32_t wanted; int request, head_done, closing; size_t sent, got, left; double begun; char head[HEAD]; };

static struct request requests[MOST_REQUESTS];
static int request_count, conn_count, port, kept, raw, epoll, holding;
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
  if (source.sin_family && bind(c->fd, (void *)&source, sizeof source)) fail("bind: %s", strerror(errno));
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

static void done(struct conn *c) {
  times[ended++] = now() - c->begun;
  if (!kept || c->closing) drop(c);
  else if (c->state == BUSY) c->state = IDLE;
  next(c);
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

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void start(long count) {
  begun = ended = opened = held = 0;
  target = count;
  times = realloc(times, count * sizeof *times);
  for (int i = 0; i < conn_count; i++) next(&conns[i]);
}

static double finish(double since, double cpu) {
  until(&ended, target);
  double ms = now() - since;
  cpu = (double)clock() * 1e3 / CLOCKS_PER_SEC - cpu;
  qsort(times, ended, sizeof *times, by_size);
  printf("{\"ms\":%.3f,\"cpu\":%.3f,\"opened\":%ld,\"p50\":%.4f,\"p99\":%.4f}\n", ms, cpu, opened, times[ended / 2], times[ended * 99 / 100]);
  target = 0;
  return ms;
}

static void command(const char *line) {
  double since = now(), cpu = (double)clock() * 1e3 / CLOCKS_PER_SEC;
  alarm(DEADLINE);
  if (!strncmp(line, "open", 4)) {
    for (int i = 0; kept && i < conn_count; i++) dial(&conns[i]);
    if (kept) until(&ready, conn_count);
    printf("{\"protocol\":\"%s\",\"cipher\":\"%s\"}\n", kept ? SSL_get_version(conns[0].ssl) : "", kept ? SSL_get_cipher(conns[0].ssl) : "");
  } else if (!strncmp(line, "send ", 5)) {
    start(atol(line + 5));
    finish(since, cpu);
  } else if (!strncmp(line, "hold", 4)) {
    holding = 1;
    start(conn_count);
    until(&held, conn_count);
    printf("{}\n");
  } else if (!strncmp(line, "release", 7)) {
    holding = 0;
    for (int i = 0; i < conn_count; i++) step(&conns[i], 0);
    finish(since, cpu);
  } else fail("no command %s", line);
  alarm(0);
  fflush(stdout);
}

static void read_request(const char *status, const char *name) {
  struct request *r = &requests[request_count++];
  FILE *file = fopen(name, "rb");
  if (!file || request_count > MOST_REQUESTS) fail("cannot read %s", name);
  fseek(file, 0, SEEK_END);
  r->status = atoi(status);
  r->length = ftell(file);
  rewind(file);
  r->bytes = malloc(r->length);
  if (fread(r->bytes, 1, r->length, file) != r->length) fail("cannot read %s", name);
  fclose(file);
}

int main(int count, char **args) {
  if (count < 9) fail("load MODE PORT CONNECTIONS SOURCE CERTIFICATE KEY (STATUS FILE)");
  kept = !strcmp(args[1], "kept");
  raw = !strcmp(args[1], "raw");
  port = atoi(args[2]);
  conn_count = atoi(args[3]);
  if (strcmp(args[4], "-")) { source.sin_family = AF_INET; inet_pton(AF_INET, args[4], &source.sin_addr); }
  for (int i = 7; i + 1 < count; i += 2) read_request(args[i], args[i + 1]);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Who the server is was seen in the check before.
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
  if (SSL_CTX_use_certificate_chain_file(context, args[5]) != 1 || SSL_CTX_use_PrivateKey_file(context, args[6], SSL_FILETYPE_PEM) != 1) fail("cannot use the certificate");
  signal(SIGPIPE, SIG_IGN);
  conns = calloc(conn_count, sizeof *conns);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  for (char line[100]; fgets(line, sizeof line, stdin);) command(line);
  return 0;
}
