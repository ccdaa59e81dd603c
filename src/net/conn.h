/* Inside the inbound server: what http_server.c and conn.c share. Nobody else includes this.
 *
 *     CONN_READING --request complete--> CONN_HANDLING --reply or stream has left--> CONN_READING
 *          |  broke a rule: CONN_REFUSING --reply has left--.        | closing anyway
 *          |                                                +--> CONN_LINGERING --EOF, 2 s--> CONN_CLOSED
 *
 * From any state conn_close() leads to CONN_CLOSED at once. CONN_LINGERING reads and drops what the client is
 * still sending after we have shut down our side: closing with unread bytes would reset the connection and
 * take the reply with it. */
#pragma once

#include "net/h1.h"
#include "net/http_server.h"
#include "net/tls.h"

#define SERVER_MAGIC 0x53657276u
#define CONN_MAGIC   0x436f6e6eu

#define LOCAL_MAX     64 /* connections of the local socket */
#define READ_BYTES    ((size_t)64 << 10)
#define LISTENERS_MAX (HTTP_LISTENS_MAX + 1) /* and the local socket */
#define PEER_TEXT_MAX 48
#define HTTP_DATE_MAX 32

struct conn;

struct listener {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } io;
    struct http_server *server;
    int number; /* among the TCP listeners, as in the options; -1: the local socket */
    int port;
    bool local, plain;
};

/* What a connection or an exchange takes of the memory that all of them share (conn_memory.c). */
struct share {
    size_t bytes;
    bool known; /* it counts for a caller we know, not for a stranger */
};

struct http_server {
    uint32_t magic;
    struct loop_uv *d;
    struct http_server_options o; /* defaults filled in; the texts are cleared after the start */
    struct h1_limits limits;
    http_handler *handler;
    void *handler_arg;
    struct listener listeners[LISTENERS_MAX];
    size_t listeners_n, handles_open; /* listeners and the sweep timer not yet closed by libuv */
    struct tls_context *tls;          /* NULL: plain */
    struct list conns;
    struct list idle; /* those between two requests, the longest idle first */
    size_t local_n;   /* connections of the local socket */
    size_t held[2];   /* bytes: of strangers, of known callers */
    struct list slow[2];  /* within a request or a reply that waits for the client, the longest first; likewise */
    struct list queue;    /* complete requests that wait for memory */
    struct list exchanges; /* requests under way, those included whose connection is gone */
    size_t exchanges_n;
    size_t dying_n; /* of those: given back, and their connection is gone; freed in this turn */
    uint64_t crowd_told_ms; /* when the log last heard that connections made room */
    struct http_server_stats stats;
    uv_timer_t sweep; /* active while there are connections */
    uint64_t sweep_ms;
    int64_t date_s;
    char date[HTTP_DATE_MAX];
    bool draining;
    uint64_t drain_deadline_ms;
    void (*stopped)(void *arg);
    void *stopped_arg;
    struct ready stopped_ready;
    char read_buf[READ_BYTES]; /* libuv reads into it and conn.c has consumed it before the next read */
};

enum conn_state { CONN_READING, CONN_HANDLING, CONN_REFUSING, CONN_LINGERING, CONN_CLOSED };

struct conn_exchange; /* an http_exchange that came over a connection */
struct conn_write;    /* bytes the kernel has not taken yet */

struct conn {
    uint32_t magic;
    enum conn_state state;
    struct http_server *server;
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } io;
    struct list node, idle_node;
    struct h1 h1;
    struct buf ahead; /* what came in while a request was in flight */
    size_t ahead_at;  /* how much of it has been parsed */
    struct buf out;   /* what goes out next */
    struct tls *tls;  /* NULL: plain */
    struct buf wire;  /* with TLS: encrypted bytes on their way out */
    struct conn_write *writing;
    struct conn_exchange *cx; /* of the request in flight; NULL in other states */
    struct ready ready;       /* hands the complete request over, in a turn */
    uint64_t deadline_ms;     /* 0: none */
    uint64_t body_from_ms;    /* when the head was complete */
    size_t body_seen;         /* bytes of it at the last progress */
    size_t queue_seen;        /* bytes waiting in the kernel's way at the last look */
    uv_shutdown_t shutdown;
    size_t dropped_bytes; /* while lingering */
    struct share share;
    struct list slow_node, queue_node;
    uint64_t slow_from_ms;
    bool asked; /* whether it is somebody we know */
    bool local, eof, reading;
    int listener; /* its number */
    uid_t peer_uid;
    char peer[PEER_TEXT_MAX];
};

enum conn_room { CONN_ROOM, CONN_NO_ROOM, CONN_NO_ROOM_TO_ANSWER };

/* Takes the connection waiting at `l`. Without room it is told so, or closed at once. */
void conn_accept(struct http_server *s, struct listener *l, enum conn_room room);
/* `reason` is for the log. */
void conn_close(struct conn *c, const char *reason);
/* Closes `c` if it holds nothing that is worth waiting for. */
void conn_drain(struct conn *c);
/* Looks at its deadlines. */
void conn_sweep(struct conn *c, uint64_t now_ms);

/* Sets `peer` or `peer_uid` of one that was just accepted (conn_peer.c). */
void conn_name_peer(struct conn *c);

/* ---- memory (conn_memory.c) ---- */

/* From now on it takes so many bytes. */
void memory_count(struct http_server *s, struct share *share, size_t bytes);
/* The connection waits for its client from now on, or no longer. */
void memory_slow(struct conn *c);
void memory_quick(struct conn *c);
/* What it and its exchange hold. */
size_t conn_holds(const struct conn *c);
/* Is there memory for it beside what the others hold? If not, those who have been slow for longest are cut off first,
 * strangers before known callers, until it is; false when nobody is left who could make room. */
bool memory_fits(struct conn *c);
/* Whether it has shown a token that was accepted lately; asked once of a connection. */
bool memory_is_known(struct conn *c);
/* May a request with a body of so many bytes be handled now, beside those under way? */
bool memory_may_run(const struct http_server *s, size_t body_bytes);
/* Cuts off the stranger who has been slow for longest; false when there is none. */
bool memory_cut_slowest(struct http_server *s);

/* Exchanges may survive the server: from now on they do not look at it. */
void exchanges_forget(struct http_server *s);

/* server side, for conn.c */
void server_conn_gone(struct http_server *s); /* after the close callback */
const char *server_date(struct http_server *s);
