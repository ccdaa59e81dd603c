/* The network: what is read of it once an hour, and kept for all jobs. */
#include "adapters/gam/gam.h"

#include "base/rfc3339.h"

#define MEMO_US (INT64_C(3600) * USEC_PER_SEC)

static bool read_doc(struct adapter_op *op, struct str text, struct gam_network *out)
{
    yyjson_val *root = doc_read(op->arena, text);
    *out = (struct gam_network){ .currency = doc_str(root, "currencyCode"),
                                 .timezone = doc_str(root, "timeZone"),
                                 .root = doc_str(root, "effectiveRootAdUnit"),
                                 .title = doc_str(root, "displayName"),
                                 .is_test = doc_bool(root, "testNetwork", false) };
    return out->currency.n && out->root.n;
}

bool gam_network_known(struct adapter_op *op, struct gam_network *out)
{
    struct str text;
    return op->memo && op->memo->get(op->memo, STR("network"), &text) && read_doc(op, text, out);
}

static void add_currency(struct adapter_op *op, struct str code)
{
    struct adapter_item item = { .kind = STR("currency"), .remote_id = code, .key = code, .name = code };
    if (code.n) adapter_item_add(op, &item);
}

int gam_network_read(struct adapter_op *op, const struct http_call *answer, struct gam_network *out)
{
    yyjson_val *root, *v;
    size_t i, n;
    if (gam_read(op, answer, "read the network", &root)) return -1;
    if (!read_doc(op, answer->response, out)) {
        (void)adapter_later(op, 0, "Ad Manager described the network without currency or ad units");
        return -1;
    }
    add_currency(op, out->currency);
    yyjson_arr_foreach(doc_arr(root, "secondaryCurrencyCodes"), i, n, v) add_currency(op, doc_text(v));
    if (op->memo) op->memo->put(op->memo, STR("network"), answer->response, op->now + MEMO_US);
    return 0;
}
