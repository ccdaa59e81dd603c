#include "net/curl_loop.h"

#include <stdlib.h>

#include "base/log.h"

/* One socket libuv watches for curl. */
struct watch {
    uv_poll_t poll;
    struct curl_loop *owner;
    curl_socket_t fd;
};

/* Always to be called after curl was given a chance to work: the last transfer must not be missed. */
static void drain_messages(struct curl_loop *cl)
{
    CURLMsg *m;
    int left;
    while ((m = curl_multi_info_read(cl->multi, &left))) {
        void *private_data = NULL;
        if (m->msg != CURLMSG_DONE) continue;
        CURLcode code = m->data.result; /* the message dies with the handle's removal */
        ENSURE(curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &private_data) == CURLE_OK);
        ENSURE(private_data != NULL);
        cl->finished(private_data, code);
    }
}

static void arm_timer(struct curl_loop *cl, long ms);

/* What curl cannot do at this moment (memory, descriptors) ends the transfers it concerns; the others go on. */
static void act(struct curl_loop *cl, curl_socket_t fd, int flags)
{
    int running;
    CURLMcode rc = curl_multi_socket_action(cl->multi, fd, flags, &running);
    if (rc != CURLM_OK) log_event(LOG_ERROR, "net", "curl", "why", curl_multi_strerror(rc), NULL);
    drain_messages(cl);
}

static void on_timer(uv_timer_t *t)
{
    struct curl_loop *cl = t->data;
    long ms = -1;
    act(cl, CURL_SOCKET_TIMEOUT, 0);
    /* curl announces a timeout only when it changes. Should ours have fired a moment early by curl's clock,
     * nothing has changed and nobody would come back: so ask. */
    if (uv_is_active((uv_handle_t *)t)) return;
    if (curl_multi_timeout(cl->multi, &ms) == CURLM_OK && ms >= 0) arm_timer(cl, ms > 0 ? ms : 1);
}

static void arm_timer(struct curl_loop *cl, long ms)
{
    uv_update_time(&cl->d->uv); /* the loop's idea of now may be old, and would make this fire early */
    ENSURE(uv_timer_start(&cl->timer, on_timer, (uint64_t)ms, 0) == 0);
}

static int on_curl_timer(CURLM *multi, long ms, void *arg)
{
    struct curl_loop *cl = arg;
    if (ms < 0) {
        (void)uv_timer_stop(&cl->timer); /* cannot fail */
    } else {
        arm_timer(cl, ms); /* also 0 goes through the timer: curl must not be called from its own callback */
    }
    return 0;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *w = CONTAINER_OF(poll, struct watch, poll);
    struct curl_loop *cl = w->owner;
    int flags = 0;
    if (status < 0) flags = CURL_CSELECT_ERR;
    if (events & UV_READABLE) flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE) flags |= CURL_CSELECT_OUT;
    act(cl, w->fd, flags); /* afterwards `w` may be gone */
}

static void on_watch_closed(uv_handle_t *handle)
{
    free(CONTAINER_OF((uv_poll_t *)handle, struct watch, poll));
}

static struct watch *watch_new(struct curl_loop *cl, curl_socket_t fd)
{
    struct watch *w = calloc(1, sizeof(*w));
    ENSURE(w != NULL);
    w->owner = cl;
    w->fd = fd;
    int rc = uv_poll_init_socket(&cl->d->uv, &w->poll, fd);
    if (rc) {
        log_event(LOG_ERROR, "net", "a socket cannot be watched", "why", uv_strerror(rc), NULL);
        free(w);
        return NULL;
    }
    (void)curl_multi_assign(cl->multi, fd, w); /* fails only for a socket that curl does not know */
    return w;
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct curl_loop *cl = arg;
    struct watch *w = socket_arg;
    if (what == CURL_POLL_REMOVE) {
        if (!w) return 0;
        (void)curl_multi_assign(cl->multi, fd, NULL); /* fails only for a socket curl has forgotten already */
        uv_close((uv_handle_t *)&w->poll, on_watch_closed);
        return 0;
    }
    if (!w) w = watch_new(cl, fd);
    if (!w) return 0; /* nobody wakes this transfer; its own timeout ends it */
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    int rc = uv_poll_start(&w->poll, events, on_poll);
    if (rc) log_event(LOG_ERROR, "net", "a socket cannot be watched", "why", uv_strerror(rc), NULL);
    return 0;
}

void curl_loop_init(struct curl_loop *cl, struct loop_uv *d, void *owner,
                    void (*finished)(void *private_data, CURLcode code))
{
    *cl = (struct curl_loop){ .d = d, .owner = owner, .finished = finished };
    cl->multi = curl_multi_init();
    ENSURE(cl->multi != NULL);
    ENSURE(uv_timer_init(&d->uv, &cl->timer) == 0);
    cl->timer.data = cl;
    ENSURE(curl_multi_setopt(cl->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket) == CURLM_OK);
    ENSURE(curl_multi_setopt(cl->multi, CURLMOPT_SOCKETDATA, cl) == CURLM_OK);
    ENSURE(curl_multi_setopt(cl->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer) == CURLM_OK);
    ENSURE(curl_multi_setopt(cl->multi, CURLMOPT_TIMERDATA, cl) == CURLM_OK);
    ENSURE(curl_multi_setopt(cl->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) == CURLM_OK);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct curl_loop *cl = handle->data;
    cl->closed(cl);
}

void curl_loop_close(struct curl_loop *cl, void (*closed)(struct curl_loop *cl))
{
    cl->closed = closed;
    ENSURE(curl_multi_cleanup(cl->multi) == CURLM_OK);
    uv_close((uv_handle_t *)&cl->timer, on_timer_closed);
}
