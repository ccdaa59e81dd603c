/* See catalog_check.h. The agent's URL is only known when a buyer asks; any URL stands for it here. Properties are
 * not checked: AdCP's identifiers for them are narrower than those publishers already use. */
#include "domain/product/catalog_check.h"
#include "contract/document.h"

#include "contract/validate.h"

static yyjson_mut_val *whole_format_id(yyjson_mut_doc *doc, yyjson_mut_val *v)
{
    if (yyjson_mut_is_str(v)) {
        yyjson_mut_val *out = yyjson_mut_obj(doc);
        json_add_cstr(doc, out, "agent_url", "https://agent.example");
        json_add_str(doc, out, "id", (struct str){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) });
        return out;
    }
    if (yyjson_mut_is_obj(v) && !yyjson_mut_obj_get(v, "agent_url")) {
        json_add_cstr(doc, v, "agent_url", "https://agent.example");
    }
    return v;
}

static void fill_in(yyjson_mut_doc *doc, yyjson_mut_val *root, enum catalog_kind kind)
{
    if (kind == CATALOG_FORMAT) {
        yyjson_mut_val *id = whole_format_id(doc, yyjson_mut_obj_remove_key(root, "format_id"));
        json_add_val(doc, root, "format_id", id);
        return;
    }
    yyjson_mut_val *old = yyjson_mut_obj_remove_key(root, "format_ids"), *v;
    if (!old) return;
    yyjson_mut_val *arr = json_add_arr(doc, root, "format_ids");
    while ((v = yyjson_mut_arr_remove_first(old)) != NULL) yyjson_mut_arr_append(arr, whole_format_id(doc, v));
}

static int check_lines(struct arena *a, enum catalog_kind kind, yyjson_val *shown, struct err *e)
{
    const char *document = kind == CATALOG_PRODUCT ? "core/product.json" : "core/format.json";
    for (int line = ADCP_LINE_STORED; line < ADCP_LINE_COUNT; line++) {
        const struct contract *contract = contract_find_document((enum adcp_line)line, document);
        struct contract_report report = { .arena = a };
        ENSURE(contract && kind != CATALOG_PROPERTY);
        if (contract_validate(contract, shown, &report)) return contract_report_err(&report, e);
    }
    return 0;
}

int catalog_check_stored(struct tx *tx, struct arena *a, enum catalog_kind kind, struct str tenant_id, struct str id,
                         struct err *e)
{
    struct catalog_row row;
    yyjson_doc *shown;
    int rc = q_catalog_get(tx, a, kind, tenant_id, id, &row, e);
    if (rc != 1) return rc;
    struct document d;
    document_open(a, row.doc, &d);
    fill_in(d.doc, d.root, kind);
    if (document_whole(a, e) || json_parse(a, document_text(&d), &json_limits_own, &shown, e)) return -1;
    return check_lines(a, kind, yyjson_doc_get_root(shown), e);
}
