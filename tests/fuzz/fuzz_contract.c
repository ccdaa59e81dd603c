/* The JSON border and the validator under hostile input. Properties:
 *   - what json_parse accepts, its own writers write so that it is accepted again and means the same;
 *   - canonical text is a fixed point;
 *   - a contract that refuses says why, one that accepts says nothing, and the error's details are JSON. */
#include "contract/json.h"
#include "contract/validate.h"
#include "driver.h"

static const struct json_limits limits = { .bytes_max = 1 << 16, .depth_max = 40, .nodes_max = 20000 };
static const struct json_limits wider = { .bytes_max = 1 << 20, .depth_max = 40, .nodes_max = 20000 };

static yyjson_val *again(struct arena *a, struct str text)
{
    yyjson_doc *doc;
    struct err e;
    int failed = json_parse(a, text, &wider, &doc, &e);
    ENSURE(!failed);
    return yyjson_doc_get_root(doc);
}

static void check_contract(struct arena *a, const struct contract *c, yyjson_val *v)
{
    struct contract_report report = { .arena = a };
    struct err e;
    int refused = contract_validate(c, v, &report);
    ENSURE((refused != 0) == (report.total > 0));
    ENSURE(report.count <= CONTRACT_ISSUES_MAX && (size_t)report.count <= report.total);
    if (!refused) return;
    (void)contract_report_err(&report, &e); /* always -1 */
    ENSURE(e.details[0] == '\0' || yyjson_is_obj(again(a, str_from(e.details))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    arena_init(&a);
    yyjson_doc *doc;
    struct err e = { 0 };
    if (json_parse(&a, (struct str){ (const char *)data, size }, &limits, &doc, &e)) {
        ENSURE(e.code != NULL && e.message[0] != '\0');
        arena_finish(&a);
        return 0;
    }
    yyjson_val *v = yyjson_doc_get_root(doc);
    struct str canonical = json_canonical(&a, v, NULL);
    ENSURE(str_eq(json_canonical(&a, again(&a, canonical), NULL), canonical));
    ENSURE(str_eq(json_canonical(&a, again(&a, json_write_val(&a, v)), NULL), canonical));
    size_t first = size * 31 % contract_document_count;
    for (size_t i = 0; i < 3; i++)
        check_contract(&a, &contract_documents[(first + 41 * i) % contract_document_count], v);
    for (int line = 0; line < ADCP_LINE_COUNT; line++) {
        check_contract(&a, contract_find((enum adcp_line)line, "create_media_buy", CONTRACT_REQUEST), v);
        check_contract(&a, contract_find((enum adcp_line)line, "sync_creatives", CONTRACT_REQUEST), v);
    }
    arena_finish(&a);
    return 0;
}
