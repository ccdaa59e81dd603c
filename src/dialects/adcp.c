/* AdCP 3.1: the canonical shape itself, and 3.0, its projection. */
#include "dialects/dialect.h"

static int pass_up(const struct dialect_request *req, struct dialect_up *out, struct err *e)
{
    out->tool = req->tool;
    out->doc = json_doc_new(req->arena);
    out->args = json_copy(out->doc, req->args);
    return 0;
}

static yyjson_mut_val *pass_down(const struct dialect_down *d)
{
    return json_copy(d->doc, d->reply);
}

const struct dialect dialect_adcp_3_0 = { .name = "adcp-3.0", .adcp3 = true, .up = pass_up, .down = pass_down };
const struct dialect dialect_adcp_3_1 = { .name = "adcp-3.1", .adcp3 = true, .up = pass_up, .down = pass_down };
