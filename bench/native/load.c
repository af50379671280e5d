// The load: sends ready-made requests over TLS 1.3 connections with a client certificate, one at a time on each, and looks at
// every answer. It costs less than any server it measures. bench/programs/load.mjs does the same where there is no compiler.
//
//   load MODE PORT CONNECTIONS SOURCE CERTIFICATE KEY (STATUS FILE)…
//
// kept: connections stay, unless the server closes one. fresh: each request has a new one. raw: TCP only, nothing is sent.
// SOURCE: an address, `-` for any, or ADDRESS/COUNT for so many in turn from there on.
// Commands come as lines, each is answered by a line of JSON: `open`, `send COUNT [AT ONCE]` (so many connections are busy at a time, and
// all take their turn; without it all are busy), `hold` (everything but the last bytes of one
// request on each connection), `release` (those, too). STATUS 0: any end but a 200 will do, such as a closed connection.
#include "connections.h"

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void start(long count, int at_once) {
  begun = ended = opened = held = 0;
  target = count;
  rotating = at_once < conn_count;
  times = realloc(times, count * sizeof *times);
  for (int i = 0; i < at_once; i++) next(rotating ? waiting() : &conns[i]);
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
    // Not all at once: thousands would still wait for their handshake when its deadline comes.
    for (int i = 0; kept && i < conn_count; i++) {
      until(&ready, i - DIALS + 1);
      dial(&conns[i]);
    }
    if (kept) until(&ready, conn_count);
    printf("{\"protocol\":\"%s\",\"cipher\":\"%s\"}\n", kept ? SSL_get_version(conns[0].ssl) : "", kept ? SSL_get_cipher(conns[0].ssl) : "");
  } else if (!strncmp(line, "send ", 5)) {
    char *rest;
    long count = strtol(line + 5, &rest, 10), at_once = strtol(rest, NULL, 10);
    start(count, at_once > 0 && at_once < conn_count ? at_once : conn_count);
    finish(since, cpu);
  } else if (!strncmp(line, "hold", 4)) {
    holding = 1;
    start(conn_count, conn_count);
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
  char *several = strchr(args[4], '/');
  if (several) { *several = 0; source_count = atoi(several + 1); }
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
