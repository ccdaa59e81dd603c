#include "adapters/call.h"

#include "base/arena.h"

#define ANSWER_BYTES ((size_t)16 << 20)
#define TIMEOUT_MS   30000

int call_add(struct adapter_op *op, struct str method, struct str url, struct str mime, struct str body)
{
    struct http_header *h = ARENA_NEW(op->arena, struct http_header);
    ENSURE(op->calls_n < ADAPTER_CALLS_MAX);
    *h = (struct http_header){ STR("Content-Type"), mime };
    op->calls[op->calls_n] = (struct http_call){ .method = method,
                                                 .url = url,
                                                 .headers = h,
                                                 .headers_n = body.n ? 1 : 0,
                                                 .body = body,
                                                 .reach = HTTP_REACH_OPERATOR,
                                                 .timeout_ms = TIMEOUT_MS,
                                                 .body_bytes_max = ANSWER_BYTES };
    return op->calls_n++;
}

bool call_is_missing(const struct http_call *answer)
{
    return answer->outcome == HTTP_OK && answer->status == 404;
}
