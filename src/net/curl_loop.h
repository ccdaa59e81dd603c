/* One curl multi handle driven by the loop: sockets by uv_poll, its timeout by a uv_timer. For the
 * outbound client; nobody else includes this.
 *
 * The traps it keeps its users out of: messages are drained after every chance curl had to work, the status
 * of a poll is looked at, curl is never called from its own callbacks, and a timer that fires early is set
 * again. */
#pragma once

#include <curl/curl.h>

#include "run/loop_uv.h"

struct curl_loop {
    struct loop_uv *d;
    void *owner; /* for the owner's use */
    CURLM *multi;
    uv_timer_t timer;
    void (*finished)(void *private_data, CURLcode code);
    void (*closed)(struct curl_loop *cl);
};

/* `finished` gets the CURLINFO_PRIVATE of each handle whose transfer has ended, and must remove the handle.
 */
void curl_loop_init(struct curl_loop *cl, struct loop_uv *d, void *owner,
                    void (*finished)(void *private_data, CURLcode code));
/* After all handles have been removed. `closed` runs when libuv has let go. */
void curl_loop_close(struct curl_loop *cl, void (*closed)(struct curl_loop *cl));

/* Options we pass are known to this libcurl; a refusal would be a fault of the build. */
#define CURL_SET(easy, option, value) ENSURE(curl_easy_setopt((easy), (option), (value)) == CURLE_OK)
