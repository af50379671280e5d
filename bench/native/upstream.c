// The service behind every contestant: reads each delivery, counts it and answers 200, for less than any gateway costs.
// bench/programs/upstream.mjs does the same where there is no compiler.
//
// Says {"port":N} when it listens. Commands come as lines, each is answered by a line of JSON: `received`; `keep` (from now on each
// request is kept for the check); `last` (its head in hexadecimal, and the SHA-256 of its body); `forget` (and no longer keep).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD = 32768, PART = 262144 };

struct conn { int fd; size_t got, left; int in_body; EVP_MD_CTX *digest; char head[HEAD + 1], kept[HEAD + 1]; };

static const char OK[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
static const char NO_LENGTH[] = "HTTP/1.1 411 Length Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
static long requests, bytes;
static int keeping;
static char last_head[HEAD + 1];
static unsigned char last_digest[32];

static void close_conn(struct conn *c) {
  close(c->fd);
  EVP_MD_CTX_free(c->digest);
  free(c);
}

static void ended(struct conn *c) {
  requests++;
  c->in_body = 0;
  if (keeping && c->digest) {
    strcpy(last_head, c->kept);
    EVP_DigestFinal_ex(c->digest, last_digest, NULL);
  }
  if (send(c->fd, OK, sizeof OK - 1, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET) perror("send");
}

static void body(struct conn *c, const char *at, size_t length) {
  if (keeping && c->digest) EVP_DigestUpdate(c->digest, at, length);
  bytes += length;
  c->left -= length;
  if (c->left == 0) ended(c);
}

/** @returns 0 where the connection is done with. */
static int head(struct conn *c) {
  char *end;
  c->head[c->got] = 0;
  while (!c->in_body && (end = memmem(c->head, c->got, "\r\n\r\n", 4))) {
    size_t size = end + 4 - c->head;
    end[2] = 0;
    char *length = strcasestr(c->head, "\r\ncontent-length:");
    if (!length || strcasestr(c->head, "\r\ntransfer-encoding:")) {
      send(c->fd, NO_LENGTH, sizeof NO_LENGTH - 1, MSG_NOSIGNAL);
      return 0;
    }
    c->left = strtoul(length + 17, NULL, 10);
    c->in_body = 1;
    if (keeping) {
      strcpy(c->kept, c->head);
      if (!c->digest) c->digest = EVP_MD_CTX_new();
      EVP_DigestInit_ex(c->digest, EVP_sha256(), NULL);
    }
    size_t more = c->got - size < c->left ? c->got - size : c->left;
    // What stands behind this body is moved away first: the body may end the request.
    size_t behind = c->got - size - more;
    if (more || c->left == 0) body(c, c->head + size, more);
    memmove(c->head, c->head + size + more, behind);
    c->got = behind;
    c->head[c->got] = 0;
  }
  return c->in_body || c->got < HEAD;
}

static int readable(struct conn *c) {
  static char part[PART];
  for (;;) {
    size_t room = c->in_body ? (c->left < PART ? c->left : PART) : HEAD - c->got;
    ssize_t n = recv(c->fd, c->in_body ? part : c->head + c->got, room, MSG_DONTWAIT);
    if (n <= 0) return n < 0 && errno == EAGAIN;
    if (c->in_body) body(c, part, n);
    else {
      c->got += n;
      if (!head(c)) return 0;
    }
    // Less than there was room for: that was all.
    if ((size_t)n < room) return 1;
  }
}

static void command(const char *line) {
  if (!strncmp(line, "keep", 4)) keeping = 1;
  if (!strncmp(line, "forget", 6)) keeping = 0;
  if (!strncmp(line, "last", 4)) {
    printf("{\"head\":\"");
    for (char *at = last_head; *at; at++) printf("%02x", (unsigned char)*at);
    printf("\",\"sha256\":\"");
    for (int i = 0; i < 32; i++) printf("%02x", last_digest[i]);
    printf("\"}\n");
  } else printf("{\"requests\":%ld,\"bytes\":%ld}\n", requests, bytes);
  fflush(stdout);
}

static void watch(int epoll, int fd, void *pointer) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = pointer};
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof at;
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), epoll = epoll_create1(EPOLL_CLOEXEC);
  if (bind(listener, (void *)&at, sizeof at) || listen(listener, 4096)) return perror("listen"), 1;
  getsockname(listener, (void *)&at, &size);
  printf("{\"port\":%d}\n", ntohs(at.sin_port));
  fflush(stdout);
  watch(epoll, listener, &listener);
  watch(epoll, 0, &epoll);
  for (struct epoll_event events[256];;) {
    int count = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; i++) {
      if (events[i].data.ptr == &epoll) {
        char line[100];
        ssize_t n = read(0, line, sizeof line - 1);
        if (n <= 0) return 0;
        line[n] = 0;
        command(line);
      } else if (events[i].data.ptr == &listener) {
        struct conn *c = calloc(1, sizeof *c);
        c->fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (c->fd < 0) { free(c); continue; }
        setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(epoll, c->fd, c);
      } else if (!readable(events[i].data.ptr)) close_conn(events[i].data.ptr);
    }
  }
}
