/* Subscribers: many WebSocket or SSE clients of one server, in one epoll loop.
 *
 * usage: subscribers ws|sse PORT PATH COUNT AT_ONCE [read-all]
 *
 * Opens COUNT streams to 127.0.0.1, at most AT_ONCE of them on their way at a time, each from one of 100 addresses
 * of 127.0.0.0/8. A stream is open when its "connection" message has come. Prints, one a line:
 *
 *   ready OPEN FAILED FIRST_NS LAST_NS HEAD    when all are; HEAD is the number of the cursor where they begin
 *   event NUMBER FIRST_NS MEDIAN_NS LAST_NS    when all have received the event with that cursor number
 *   end DELIVERIES BYTES LOST REPEATED REFRESHES CLOSED    when its standard input is closed
 *
 * Times are CLOCK_MONOTONIC. Cursor numbers grow by exactly one, so a gap is a loss and a step back a repeat; what
 * others have received and a stream has not by the end is lost too. Pings are answered, as a browser does.
 *
 * After an "s" on its standard input it is slow: every SLOW_MS it takes, once, what each stream's socket holds, and the
 * kernel holds SLOW_BUFFER bytes of it at most, where it would come to hold megabytes. After an "f" it is fast again.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ADDRESSES = 100, BUFFER = 4 << 20, AT_ONCE_EVENTS = 1024, OPENING_SECONDS = 120 };
enum { SLOW_MS = 3000, SLOW_BUFFER = 64 << 10 };
enum state { CLOSED, CONNECTING, HEAD, GREETING, OPEN };

struct stream {
    int fd;
    enum state state;
    char *rest; /* the beginning of a message whose end has not come */
    size_t rest_size;
    int64_t last; /* the number of its newest event */
};
struct event {
    uint32_t count;
    int64_t first, median, last;
};

static int websocket, read_all, poll_fd;
static struct stream *streams;
static int wanted, begun, opening, open_streams, failed, closed;
static char request[1024];
static int request_size;
static uint16_t port;
static int64_t head = -1, newest, first_begun, last_opened;
static struct event *events; /* events[i] is the event with the number head + 1 + i */
static size_t event_room;
static long deliveries, lost, repeated, refreshes;
static long long bytes;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void shut(struct stream *stream, const char *answer) {
    if (stream->state == OPEN) {
        closed++;
    } else {
        opening--;
        if (!failed++)
            fprintf(stderr, "stream refused: %.300s\n", answer ? answer : strerror(errno));
    }
    stream->state = CLOSED;
    close(stream->fd);
    free(stream->rest);
    stream->rest = NULL;
    stream->rest_size = 0;
}

/* The cursor stands near the end of a message, behind the order: found fastest from there. A program that takes a message
 * apart passes every byte, here from one "c to the next. */
static int64_t cursor_number(const char *message, size_t size) {
    static const char key[] = "\"cursor\":\"";
    const size_t length = sizeof key - 1;
    const char *last = message + size - length, *found = NULL;
    if (read_all) {
        for (const char *at = message; at <= last && (at = memmem(at, last + 2 - at, key, 2)); at++)
            if (!memcmp(at, key, length))
                found = at;
    } else {
        for (const char *at = last; at > message && !found; at--)
            if (*at == '"' && !memcmp(at, key, length))
                found = at;
    }
    return found ? strtoll(found + length, NULL, 10) : -1;
}

static int is(const char *message, size_t size, const char *type) {
    static const char key[] = "{\"type\":\"";
    size_t length = strlen(type);
    return size > sizeof key + length && !memcmp(message, key, sizeof key - 1) &&
           !memcmp(message + sizeof key - 1, type, length);
}

static void received_event(struct stream *stream, int64_t number, int64_t when) {
    deliveries++;
    if (number > stream->last) {
        lost += number - stream->last - 1;
        stream->last = number;
    } else {
        repeated++; /* or overtaken: threads of the bare limit do that */
    }
    if (number <= head)
        return;
    if (number > newest)
        newest = number;
    size_t index = number - head - 1;
    if (index >= event_room) {
        size_t room = (index + 1) * 2;
        if (!(events = realloc(events, room * sizeof *events)))
            fail("realloc");
        memset(events + event_room, 0, (room - event_room) * sizeof *events);
        event_room = room;
    }
    struct event *event = &events[index];
    uint32_t all = wanted - failed;
    if (!event->count++)
        event->first = when;
    if (event->count == (all + 1) / 2)
        event->median = when;
    event->last = when;
    if (event->count == all)
        printf("event %lld %lld %lld %lld\n", (long long)number, (long long)event->first, (long long)event->median,
               (long long)event->last);
}

static void received(struct stream *stream, const char *message, size_t size, int64_t when) {
    if (is(message, size, "pedido_update")) {
        received_event(stream, cursor_number(message, size), when);
    } else if (is(message, size, "connection")) {
        stream->last = cursor_number(message, size);
        if (head < 0)
            head = newest = stream->last;
        stream->state = OPEN;
        opening--;
        open_streams++;
        last_opened = when;
    } else if (is(message, size, "refresh_required")) {
        refreshes++;
    }
}

static void answer_ping(struct stream *stream, const unsigned char *payload, size_t size) {
    unsigned char pong[6 + 125] = {0x8a, 0x80 | size, 1, 2, 3, 4}; /* RFC 6455, 5.3: clients mask */
    for (size_t i = 0; i < size; i++)
        pong[6 + i] = payload[i] ^ pong[2 + i % 4];
    send(stream->fd, pong, 6 + size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Each of these takes the whole messages that stand between at and end; returns where an incomplete one begins. */
static char *take_frames(struct stream *stream, char *at, char *end, int64_t when) {
    while (end - at >= 2) {
        unsigned char *frame = (unsigned char *)at;
        size_t size = frame[1] & 0x7f, start = 2;
        if (size == 126) {
            start = 4;
            if (end - at < 4)
                break;
            size = frame[2] << 8 | frame[3];
        } else if (size == 127) {
            start = 10;
            if (end - at < 10)
                break;
            size = 0;
            for (int i = 2; i < 10; i++)
                size = size << 8 | frame[i];
        }
        if ((size_t)(end - at) < start + size)
            break;
        int opcode = frame[0] & 0x0f;
        if (opcode == 1)
            received(stream, at + start, size, when);
        else if (opcode == 9)
            answer_ping(stream, frame + start, size);
        at += start + size;
    }
    return at;
}

static char *take_lines(struct stream *stream, char *at, char *end, int64_t when) {
    char *line_end;
    while ((line_end = memchr(at, '\n', end - at))) {
        if (line_end - at > 6 && !memcmp(at, "data: ", 6))
            received(stream, at + 6, line_end - at - 6, when);
        at = line_end + 1;
    }
    return at;
}

static void readable(struct stream *stream) {
    static char buffer[BUFFER + 1];
    if (stream->rest_size >= BUFFER)
        fail("a message larger than the buffer");
    if (stream->rest_size)
        memcpy(buffer, stream->rest, stream->rest_size);
    ssize_t got = recv(stream->fd, buffer + stream->rest_size, BUFFER - stream->rest_size, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        shut(stream, got ? NULL : "closed by the server");
        return;
    }
    int64_t when = now();
    char *at = buffer, *end = buffer + stream->rest_size + got;
    bytes += got;
    if (stream->state == HEAD) {
        *end = 0;
        char *head_end = strstr(buffer, "\r\n\r\n");
        if (head_end) {
            if (strncmp(buffer + 8, websocket ? " 101" : " 200", 4)) {
                shut(stream, buffer);
                return;
            }
            stream->state = GREETING;
            at = head_end + 4;
        }
    }
    if (stream->state >= GREETING)
        at = websocket ? take_frames(stream, at, end, when) : take_lines(stream, at, end, when);
    stream->rest_size = end - at;
    if (stream->rest_size) {
        if (!(stream->rest = realloc(stream->rest, stream->rest_size)))
            fail("realloc");
        memcpy(stream->rest, at, stream->rest_size);
    } else if (stream->rest) {
        free(stream->rest);
        stream->rest = NULL;
    }
}

static void begin(void) {
    struct stream *stream = &streams[begun];
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons(port)};
    from.sin_addr.s_addr = htonl(0x7f000001 + begun % ADDRESSES);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!begun++)
        first_begun = now();
    opening++;
    stream->state = CONNECTING;
    if ((stream->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0)
        fail("socket");
    int one = 1;
    setsockopt(stream->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(stream->fd, (struct sockaddr *)&from, sizeof from))
        fail("bind");
    struct epoll_event watch = {.events = EPOLLOUT, .data.ptr = stream};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, stream->fd, &watch);
    if (connect(stream->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS)
        shut(stream, NULL);
}

static void connected(struct stream *stream) {
    if (send(stream->fd, request, request_size, MSG_NOSIGNAL) != request_size) {
        shut(stream, NULL);
        return;
    }
    stream->state = HEAD;
    struct epoll_event watch = {.events = EPOLLIN, .data.ptr = stream};
    epoll_ctl(poll_fd, EPOLL_CTL_MOD, stream->fd, &watch);
}

static void bound_buffers(void) {
    int room = SLOW_BUFFER;
    for (int i = 0; i < begun; i++)
        if (streams[i].state == OPEN)
            setsockopt(streams[i].fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
}

int main(int argc, char **argv) {
    if (argc < 6 || argc > 7) {
        fprintf(stderr, "usage: subscribers ws|sse PORT PATH COUNT AT_ONCE [read-all]\n");
        return 2;
    }
    websocket = !strcmp(argv[1], "ws");
    port = atoi(argv[2]);
    wanted = atoi(argv[4]);
    read_all = argc == 7;
    int at_once = atoi(argv[5]), ready = 0, slow = 0;
    request_size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\n\r\n", argv[3],
                            port,
                            websocket ? "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                        "Sec-WebSocket-Key: cGVkaWRvcy1iZW5jaC0wMQ=="
                                      : "Accept: text/event-stream");
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    streams = calloc(wanted ? wanted : 1, sizeof *streams);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL}, happened[AT_ONCE_EVENTS];
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, 0, &input);
    int64_t deadline = now() + OPENING_SECONDS * 1000000000LL;
    for (;;) {
        while (begun < wanted && opening < at_once)
            begin();
        if (!ready && (open_streams + failed == wanted || now() > deadline)) {
            ready = 1;
            printf("ready %d %d %lld %lld %lld\n", open_streams, wanted - open_streams, (long long)first_begun,
                   (long long)last_opened, (long long)head);
        }
        fflush(stdout);
        if (slow) {
            struct pollfd told = {.fd = 0, .events = POLLIN};
            poll(&told, 1, SLOW_MS);
        }
        int count = epoll_wait(poll_fd, happened, AT_ONCE_EVENTS, slow ? 0 : 1000);
        for (int i = 0; i < count; i++) {
            struct stream *stream = happened[i].data.ptr;
            if (!stream) {
                char pace;
                if (read(0, &pace, 1) <= 0)
                    goto end;
                if ((slow = pace == 's'))
                    bound_buffers();
            } else if (stream->state == CONNECTING) {
                connected(stream);
            } else if (stream->state != CLOSED) {
                readable(stream);
            }
        }
    }
end:
    for (int i = 0; i < begun; i++)
        if (streams[i].state == OPEN)
            lost += newest - streams[i].last;
    printf("end %ld %lld %ld %ld %ld %d\n", deliveries, bytes, lost, repeated, refreshes, closed);
    return 0;
}
