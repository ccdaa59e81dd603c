/* A server on a free loopback port and raw clients, all on one thread: the loop is pumped while a client
 * waits. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "net/http_server.h"

struct harness {
    struct loop loop;
    struct loop_uv d;
    struct http_server *server;
    int requests;               /* handled */
    int closed;                 /* `closed` callbacks */
    struct buf log;             /* one line for each request: METHOD path query body-length */
    struct http_exchange *held; /* "/hold" leaves its exchange here */
    size_t big_bytes;           /* body size of "/big" */
    size_t memory_most;         /* what connections held when one was asked for, at the most */
    bool stopped;
    uid_t local_uid;
};

/* Starts with the options (port and host are set here). */
void harness_start(struct harness *h, struct http_server_options o);
/* Stops the server and finishes the loop; asserts that nothing is left open. */
void harness_finish(struct harness *h);
void harness_pump(struct harness *h, int ms); /* runs the loop that long */

int client_connect(struct harness *h);
/* Sends all (pumping when the socket is full). */
void client_send(struct harness *h, int fd, struct str bytes);
/* Reads until `want` appears in what has arrived, EOF, a reset or 3 s; appends to `in`. Returns what ended
 * it. */
enum client_end { CLIENT_FOUND, CLIENT_EOF, CLIENT_RESET, CLIENT_TIMEOUT };
enum client_end client_read(struct harness *h, int fd, struct buf *in, const char *want);
/* Connects, sends, reads to the end of the connection, closes. `in` is initialised here. */
enum client_end client_once(struct harness *h, const char *bytes, struct buf *in);
size_t count_of(struct str haystack, const char *needle);
