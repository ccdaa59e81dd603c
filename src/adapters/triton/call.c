/* One call of Triton's booking API, and what its answer comes to. Its messages are shown to people as they come, cut: the
 * public help page demands that. */
#include "adapters/triton/triton.h"

#include "base/crypto.h"

#define CODE_MAX   64
#define CODE_BYTES 16
#define PAGES_MAX  1000

struct str triton_url(const struct adapter_op *op, enum triton_path path, struct str id)
{
    const struct triton_config *c = op->config;
    struct str text = c->words.call[path].path, hole = STR("{id}");
    for (size_t i = 0; i + hole.n <= text.n; i++) {
        if (memcmp(text.p + i, hole.p, hole.n) != 0) continue;
        struct str before = { text.p, i }, after = str_skip(text, i + hole.n);
        text = arena_printf(op->arena, STR_FMT STR_FMT STR_FMT, STR_ARG(before), STR_ARG(text_escaped(op->arena, id)),
                            STR_ARG(after));
        break;
    }
    return arena_printf(op->arena, STR_FMT STR_FMT, STR_ARG(c->api), STR_ARG(text));
}

static void ask(struct adapter_op *op, enum triton_path path, struct str url, struct str mime, struct str body)
{
    const struct triton_config *c = op->config;
    (void)call_add(op, c->words.call[path].method, url, mime, body); /* one at a time: its number is 0 */
}

void triton_get(struct adapter_op *op, enum triton_path path, struct str id)
{
    ask(op, path, triton_url(op, path, id), STR_NONE, STR_NONE);
}

void triton_send(struct adapter_op *op, enum triton_path path, struct str id, const yyjson_mut_val *body)
{
    ask(op, path, triton_url(op, path, id), STR("application/json"), doc_write(op->arena, body));
}

void triton_put_bytes(struct adapter_op *op, enum triton_path path, struct str id, struct str mime, struct str bytes)
{
    ask(op, path, triton_url(op, path, id), mime, bytes);
}

void triton_list(struct adapter_op *op, enum triton_path path, enum triton_member filter, struct str value, int page)
{
    struct str url =
        arena_printf(op->arena, STR_FMT "?%s=%d&%s=%d", STR_ARG(triton_url(op, path, STR_NONE)),
                     triton_name(op, TRITON_LIST_PAGE), page, triton_name(op, TRITON_LIST_PAGE_SIZE), TRITON_PAGE);
    if (value.n)
        url = arena_printf(op->arena, STR_FMT "&%s=" STR_FMT, STR_ARG(url), triton_name(op, filter),
                           STR_ARG(text_escaped(op->arena, value)));
    ask(op, path, url, STR_NONE, STR_NONE);
}

static struct str complaint(struct adapter_op *op, const struct http_call *answer)
{
    yyjson_val *error = doc_obj(doc_read(op->arena, answer->response), triton_name(op, TRITON_ERROR_ERROR));
    struct str text = text_cut(doc_str(error, triton_name(op, TRITON_ERROR_MESSAGE)), 120);
    struct str field = text_cut(doc_str(error, triton_name(op, TRITON_ERROR_FIELD)), 40);
    if (!text.n) return arena_printf(op->arena, "status %d", answer->status);
    return field.n ? arena_printf(op->arena, STR_FMT " (" STR_FMT ")", STR_ARG(text), STR_ARG(field)) : text;
}

int triton_read(struct adapter_op *op, const struct http_call *answer, const char *doing, yyjson_val **out)
{
    bool good = answer->outcome == HTTP_OK && (answer->status == 200 || answer->status == 201);
    yyjson_val *root = good ? doc_read(op->arena, answer->response) : NULL;
    if (good && yyjson_is_obj(root)) {
        *out = root;
        return 0;
    }
    if (good) {
        (void)adapter_later(op, 60, "Triton answered with something that is not its own");
        return -1;
    }
    if (adapter_no_answer(op, answer)) return -1;
    struct str why = complaint(op, answer);
    switch (answer->status) {
    case 401: (void)adapter_refuse(op, "Triton does not accept the token: " STR_FMT, STR_ARG(why)); break;
    case 403: (void)adapter_refuse(op, "the user may not %s: " STR_FMT, doing, STR_ARG(why)); break;
    case 409: (void)adapter_later(op, 5, "Triton has it already: " STR_FMT, STR_ARG(why)); break; /* it is found then */
    default: (void)adapter_refuse(op, "could not %s: " STR_FMT, doing, STR_ARG(why)); break;
    }
    return -1;
}

bool triton_more(const struct adapter_op *op, yyjson_val *root, int page)
{
    return page < PAGES_MAX && doc_i64(root, triton_name(op, TRITON_LIST_TOTAL), 0) > (int64_t)page * TRITON_PAGE;
}

struct str triton_id(const struct adapter_op *op, yyjson_val *obj, enum triton_member m)
{
    struct str text = doc_str(obj, triton_name(op, m));
    int64_t number = doc_i64(obj, triton_name(op, m), -1);
    if (text.n) return text.n <= CODE_MAX ? text : STR_NONE;
    return number >= 0 ? arena_printf(op->arena, "%lld", (long long)number) : STR_NONE;
}

struct str triton_code(struct arena *a, struct str text)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t h[SHA256_BYTES];
    char *out;
    if (text.n <= CODE_MAX) return text;
    sha256(text, h);
    out = arena_alloc(a, 2 * CODE_BYTES);
    for (size_t i = 0; i < CODE_BYTES; i++) {
        out[2 * i] = hex[h[i] >> 4];
        out[2 * i + 1] = hex[h[i] & 15];
    }
    return (struct str){ out, 2 * CODE_BYTES };
}
