/* Requests: HTTP calls over many kept-alive connections, in one epoll loop.
 *
 * usage: requests PORT CONNECTIONS COUNT RATE METHOD PATH BODY [header line ...]
 *
 * Each connection sends its next call when the one before is answered; with a RATE (calls a second, of all
 * together; 0 is as fast as it goes) no sooner than its time, and that time is where its latency begins, so a
 * server that stalls is not spared the calls that it kept from being made. In BODY, @ becomes a text that no other
 * call has; in PATH, {1-2000} one of these numbers. It ends after COUNT answers, or when its standard input is
 * closed, and prints
 *
 *   done ANSWERED FAILED START_NS END_NS, then one latency in nanoseconds a line
 *
 * in CLOCK_MONOTONIC. An answer of 400 or above is a failure.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_ROOM = 8192, CALL_ROOM = 65536, AT_ONCE_EVENTS = 256, READ_ROOM = 1 << 20 };

struct connection {
    int fd, busy;
    int64_t began;
    char head[HEAD_ROOM]; /* until the answer's head is whole */
    int head_size;
    long body_left; /* -1 while the head is not whole */
};

static int poll_fd, connection_count;
static struct connection *connections, **idle; /* a ring: in turn, lest one be idle for so long that it is closed */
static long idle_from, idle_to;
static const char *method, *path, *body, *host = "127.0.0.1";
static char **headers;
static int header_count;
static long count, sent, answered, failed;
static int64_t *latencies, start;
static double rate;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t due(long call) { return rate > 0 ? start + (int64_t)(call * 1e9 / rate) : start; }

static int write_path(char *out, size_t room, long call) {
    const char *open = strchr(path, '{');
    if (!open)
        return snprintf(out, room, "%s", path);
    char *dash, *shut;
    long low = strtol(open + 1, &dash, 10), high = strtol(dash + 1, &shut, 10);
    return snprintf(out, room, "%.*s%ld%s", (int)(open - path), path, low + call * 7919 % (high - low + 1), shut + 1);
}

static int write_body(char *out, size_t room, long call) {
    const char *mark = strchr(body, '@');
    if (!mark)
        return snprintf(out, room, "%s", body);
    return snprintf(out, room, "%.*s%lld-%ld%s", (int)(mark - body), body, (long long)start, call, mark + 1);
}

static void begin(struct connection *connection) {
    char call[CALL_ROOM], text[CALL_ROOM / 2];
    int body_size = write_body(text, sizeof text, sent);
    int size = snprintf(call, sizeof call, "%s ", method);
    size += write_path(call + size, sizeof call - size, sent);
    size += snprintf(call + size, sizeof call - size, " HTTP/1.1\r\nHost: %s\r\n", host);
    for (int i = 0; i < header_count; i++)
        size += snprintf(call + size, sizeof call - size, "%s\r\n", headers[i]);
    if (body_size)
        size += snprintf(call + size, sizeof call - size, "Content-Type: application/json\r\nContent-Length: %d\r\n",
                         body_size);
    size += snprintf(call + size, sizeof call - size, "\r\n%s", text);
    int64_t time = now();
    connection->began = rate > 0 && due(sent) < time ? due(sent) : time;
    connection->busy = 1;
    connection->head_size = 0;
    connection->body_left = -1;
    sent++;
    if (send(connection->fd, call, size, MSG_NOSIGNAL) != size)
        fail("send");
}

static void begin_what_is_due(void) {
    while (idle_from < idle_to && sent < count && due(sent) <= now())
        begin(idle[idle_from++ % connection_count]);
}

static void whole(struct connection *connection, int64_t when) {
    int status = atoi(connection->head + 9);
    latencies[answered++] = when - connection->began;
    if (status >= 400 && !failed++)
        fprintf(stderr, "%s %s answered %.200s\n", method, path, connection->head);
    connection->busy = 0;
    idle[idle_to++ % connection_count] = connection;
}

static void read_head(struct connection *connection) {
    connection->head[connection->head_size] = 0;
    char *end = strstr(connection->head, "\r\n\r\n");
    if (!end) {
        if (connection->head_size == HEAD_ROOM - 1)
            fail("an answer's head larger than the buffer");
        return;
    }
    char *length = strcasestr(connection->head, "\r\ncontent-length:");
    int status = atoi(connection->head + 9);
    if (status == 304 || status == 204)
        connection->body_left = 0;
    else if (length && length < end)
        connection->body_left = atol(length + 17);
    else {
        fprintf(stderr, "an answer without Content-Length: %.300s\n", connection->head);
        exit(1);
    }
    connection->body_left -= connection->head + connection->head_size - (end + 4);
}

static void readable(struct connection *connection) {
    static char ignored[READ_ROOM];
    ssize_t got;
    if (connection->body_left < 0) {
        got = recv(connection->fd, connection->head + connection->head_size, HEAD_ROOM - 1 - connection->head_size, 0);
        if (got > 0) {
            connection->head_size += got;
            read_head(connection);
        }
    } else {
        got = recv(connection->fd, ignored, sizeof ignored, 0);
        connection->body_left -= got > 0 ? got : 0;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0 || !connection->busy) {
        fprintf(stderr, "the server closed a connection\n");
        exit(1);
    }
    if (!connection->body_left)
        whole(connection, now());
}

int main(int argc, char **argv) {
    if (argc < 8) {
        fprintf(stderr, "usage: requests PORT CONNECTIONS COUNT RATE METHOD PATH BODY [header line ...]\n");
        return 2;
    }
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1;
    connection_count = atoi(argv[2]);
    count = atol(argv[3]);
    rate = atof(argv[4]);
    method = argv[5];
    path = argv[6];
    body = argv[7];
    headers = argv + 8;
    header_count = argc - 8;
    latencies = malloc((count ? count : 1) * sizeof *latencies);
    connections = calloc(connection_count, sizeof *connections);
    idle = calloc(connection_count, sizeof *idle);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL}, happened[AT_ONCE_EVENTS];
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, 0, &input);
    for (int i = 0; i < connection_count; i++) {
        struct connection *connection = &connections[i];
        if ((connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
            fail("socket");
        setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (connect(connection->fd, (struct sockaddr *)&to, sizeof to))
            fail("connect");
        struct epoll_event watch = {.events = EPOLLIN, .data.ptr = connection};
        epoll_ctl(poll_fd, EPOLL_CTL_ADD, connection->fd, &watch);
        idle[idle_to++] = connection;
    }
    start = now();
    while (answered < count) {
        begin_what_is_due();
        int64_t wait = sent < count && idle_from < idle_to ? (due(sent) - now()) / 1000000 + 1 : 1000;
        int happened_count = epoll_wait(poll_fd, happened, AT_ONCE_EVENTS, wait < 0 ? 0 : wait);
        for (int i = 0; i < happened_count; i++) {
            if (happened[i].data.ptr) {
                readable(happened[i].data.ptr);
            } else {
                char byte;
                if (read(0, &byte, 1) <= 0)
                    count = answered; /* told to stop */
            }
        }
    }
    printf("done %ld %ld %lld %lld\n", answered, failed, (long long)start, (long long)now());
    for (long i = 0; i < answered; i++)
        printf("%lld\n", (long long)latencies[i]);
    return 0;
}
