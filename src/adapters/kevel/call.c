/* One call of Kevel's management API, and what its answer comes to. Errors are not published; their text is shown as
 * it comes, cut. */
#include "adapters/kevel/kevel.h"

static int ask(struct adapter_op *op, const char *method, struct str path, struct str mime, struct str body)
{
    const struct kevel_config *c = op->config;
    struct str url = arena_printf(op->arena, STR_FMT STR_FMT, STR_ARG(c->api), STR_ARG(path));
    return call_add(op, str_from(method), url, mime, body);
}

int kevel_get(struct adapter_op *op, struct str path)
{
    return ask(op, "GET", path, STR_NONE, STR_NONE);
}

int kevel_send(struct adapter_op *op, const char *method, struct str path, const yyjson_mut_val *body)
{
    return ask(op, method, path, STR("application/json"), doc_write(op->arena, body));
}

int kevel_post(struct adapter_op *op, struct str path, struct str mime, struct str body)
{
    return ask(op, "POST", path, mime, body);
}

int kevel_search(struct adapter_op *op, const char *path, const char *name, struct str text)
{
    struct str body = arena_printf(op->arena, "%s=" STR_FMT, name, STR_ARG(text_escaped(op->arena, text)));
    return ask(op, "POST", str_from(path), STR("application/x-www-form-urlencoded"), body);
}

int kevel_read(struct adapter_op *op, const struct http_call *answer, const char *doing, yyjson_val **out)
{
    bool good = answer->outcome == HTTP_OK && (answer->status == 200 || answer->status == 201);
    yyjson_val *root = answer->outcome == HTTP_OK ? doc_read(op->arena, answer->response) : NULL;
    if (good && yyjson_is_ctn(root)) {
        *out = root;
        return 0;
    }
    if (good) {
        (void)adapter_later(op, 60, "Kevel answered with something that is not its own");
        return -1;
    }
    if (adapter_no_answer(op, answer)) return -1;
    struct str why = text_cut(doc_str(root, "Error"), 120);
    if (!why.n) why = arena_printf(op->arena, "status %d", answer->status);
    if (answer->status == 401) (void)adapter_later(op, 60, "Kevel does not accept the API key: " STR_FMT, STR_ARG(why));
    else if (answer->status == 403) (void)adapter_refuse(op, "the API key may not %s: " STR_FMT, doing, STR_ARG(why));
    else (void)adapter_refuse(op, "could not %s: " STR_FMT, doing, STR_ARG(why));
    return -1;
}

struct str kevel_id(struct arena *a, yyjson_val *obj, const char *key)
{
    int64_t n = doc_i64(obj, key, 0);
    return n > 0 && n <= INT32_MAX ? arena_printf(a, "%lld", (long long)n) : STR_NONE;
}

int64_t kevel_number(struct str id)
{
    int64_t n = 0;
    if (!text_is_digits(id, KEVEL_ID_MAX)) return 0;
    for (size_t i = 0; i < id.n; i++) n = 10 * n + (id.p[i] - '0');
    return n <= INT32_MAX ? n : 0;
}

void kevel_add_price(struct arena *a, yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, int64_t micros)
{
    char text[MONEY_TEXT_MAX];
    size_t n = money_print(micros, text);
    struct str kept = arena_dup(a, (struct str){ text, n });
    doc_add_val(d, obj, key, yyjson_mut_rawn(d, kept.p, kept.n));
}
