/* Sending e-mail through a relay the operator configured. One `struct mail_call`, embedded in its owner, is
 * one message to one or more people; `done` runs in a turn, exactly once for every started call, also after a
 * cancel. Request members are borrowed until then.
 *
 * The message text comes from mail_compose(), which keeps what people typed out of the headers. */
#pragma once

#include "base/arena.h"
#include "run/loop.h"

enum mail_outcome {
    MAIL_SENT,     /* the relay has taken it */
    MAIL_REFUSED,  /* for good: an address, the message or the login is not accepted */
    MAIL_NOT_SENT, /* not now: no connection, no TLS, a temporary answer; certainly not taken */
    MAIL_UNKNOWN,  /* handed over, but the relay's answer did not arrive: it may send it */
    MAIL_CANCELED
};

enum mail_tls {
    MAIL_TLS_REQUIRED, /* STARTTLS or smtps, certificate verified */
    MAIL_TLS_NONE      /* plain, for a relay on this host or in a trusted network */
};

struct mail_call {
    struct str url;            /* smtp://host[:port] or smtps://host[:port] */
    struct str user, password; /* empty: no login */
    enum mail_tls tls;
    struct str from;
    const struct str *to;
    size_t to_n;
    struct str message; /* RFC 5322, CRLF */
    int timeout_ms;     /* 0: 30 s */
    void (*done)(struct mail_call *c);

    enum mail_outcome outcome;
    int smtp_status; /* the relay's last answer; 0 without one */
    char reason[160];

    void *client_data; /* the client's; nothing is left to free after done */
};

struct mail_client {
    void (*start)(struct mail_client *m, struct mail_call *c);
    void (*cancel)(struct mail_client *m, struct mail_call *c);
};

/* A cancel stops what has not begun; a message already with the relay ends as it ends, and is told so unless
 * it was certainly not taken. */

/* The production client: libcurl on the thread pool, one message at a time. `ca_file` as in
 * http_client_options; empty: the system's. */
struct mail_client *mail_client_curl_create(struct loop *loop, struct str ca_file);
/* Drops what is under way without running `done` and without touching the calls. The loop must go on turning
 * until its work_in_flight is 0, as for any work. */
void mail_client_curl_destroy(struct mail_client *m);

/* An address we are ready to put into an envelope and a header: local@domain in plain ASCII, no quoting, at
 * most 254 bytes. */
bool mail_address_ok(struct str address);

struct mail_text {
    struct str from_name, from;
    const struct str *to;
    size_t to_n;
    struct str subject;    /* UTF-8 */
    struct str text;       /* UTF-8, plain */
    struct str message_id; /* what stands before the @; the same for every attempt, so that receivers can drop
                              doubles */
    int64_t sent_at;
};

/* The message in RFC 5322 form: encoded words for what is not ASCII, the text in base64. -1 when an address
 * is not acceptable or a text is not UTF-8. */
MUST_CHECK int mail_compose(struct arena *a, const struct mail_text *t, struct str *message);
