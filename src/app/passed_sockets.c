#include "app/passed_sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/listens.h"

#define FIRST_FD 3

static int bad(struct err *e, const char *what)
{
    return err_set(e, "CONFIGURATION_ERROR", "The sockets passed by the service manager cannot be used: %s.", what);
}

/* A decimal number, or -1. */
static long number(const char *text)
{
    long v = 0;
    if (!text || !*text) return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || v > 100000000) return -1;
        v = v * 10 + (*text - '0');
    }
    return v;
}

static bool address_is_loopback(const struct sockaddr_storage *ss)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)ss;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)ss;
    if (ss->ss_family == AF_INET) return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static int look_at(struct passed_socket *s, struct err *e)
{
    struct sockaddr_storage ss = { 0 };
    socklen_t len = sizeof(ss);
    int listens = 0;
    socklen_t n = sizeof(listens);
    if (getsockopt(s->fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) || !listens ||
        getsockname(s->fd, (struct sockaddr *)&ss, &len) || (ss.ss_family != AF_INET && ss.ss_family != AF_INET6)) {
        return bad(e, "one of them is no listening TCP socket (ListenStream= with a port)");
    }
    if (fcntl(s->fd, F_SETFD, FD_CLOEXEC)) return bad(e, strerror(errno));
    s->loopback = address_is_loopback(&ss);
    return 0;
}

/* What is between the signs of a name: "agent+desk". */
static int read_name(struct passed_socket *s, struct err *e)
{
    struct str rest = s->name;
    static const struct str suffix = STR(".socket");
    bool unit = rest.n > suffix.n && str_eq((struct str){ rest.p + rest.n - suffix.n, suffix.n }, suffix);
    if (!rest.n || unit || str_is(rest, "unknown")) {
        s->roles = WEB_AGENT | WEB_DESK;
        return 0;
    }
    while (rest.n) {
        size_t len = 0;
        while (len < rest.n && !strchr("+-_,", rest.p[len])) len++;
        unsigned role = web_role_named((struct str){ rest.p, len });
        if (!role)
            return bad(e, "a name (FileDescriptorName=) is made of agent, desk, ads and metrics, with '+' "
                          "between them");
        s->roles |= role;
        rest = str_skip(rest, len + 1);
    }
    return 0;
}

int passed_sockets_find(struct arena *a, struct passed_socket out[PASSED_SOCKETS_MAX], size_t *n, struct err *e)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS"), *names = getenv("LISTEN_FDNAMES");
    *n = 0;
    if (!pid || !fds || number(pid) != (long)getpid()) return 0; /* for somebody else, our parent perhaps */
    long count = number(fds);
    if (count < 0 || count > PASSED_SOCKETS_MAX) return bad(e, "LISTEN_FDS is no number up to 16");
    struct str rest = str_from(names);
    for (long i = 0; i < count; i++) {
        struct passed_socket *s = &out[i];
        const char *colon = rest.n ? memchr(rest.p, ':', rest.n) : NULL;
        struct str name = { rest.p, colon ? (size_t)(colon - rest.p) : rest.n };
        *s = (struct passed_socket){ .fd = FIRST_FD + (int)i, .name = arena_dup(a, name) };
        rest = str_skip(rest, name.n + 1);
        if (look_at(s, e) || read_name(s, e)) return -1;
    }
    *n = (size_t)count;
    return 0;
}
