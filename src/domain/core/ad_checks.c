#include "domain/core/ad_checks.h"

static const char *outcome_name(enum adapter_check_outcome o)
{
    switch (o) {
    case ADAPTER_CHECK_PASSED: return "passed";
    case ADAPTER_CHECK_WARNS: return "warning";
    case ADAPTER_CHECK_FAILED: return "failed";
    case ADAPTER_CHECK_SKIPPED: return "skipped";
    }
    ENSURE(!"an outcome of a check");
}

struct str ad_checks_json(struct arena *a, const struct adapter_result *result)
{
    yyjson_mut_doc *doc = json_doc_new(a);
    yyjson_mut_val *root = json_root_obj(doc);
    bool passed = true;
    for (size_t i = 0; i < result->checks_n; i++) passed = passed && result->checks[i].outcome != ADAPTER_CHECK_FAILED;
    json_add_bool(doc, root, "passed", passed);
    yyjson_mut_val *list = json_add_arr(doc, root, "checks");
    for (size_t i = 0; i < result->checks_n; i++) {
        const struct adapter_check *c = &result->checks[i];
        yyjson_mut_val *o = json_push_obj(doc, list);
        json_add_str(doc, o, "name", c->name);
        json_add_cstr(doc, o, "outcome", outcome_name(c->outcome));
        json_add_str(doc, o, "text", c->text);
        json_add_str_opt(doc, o, "fix", c->fix);
    }
    return json_write(a, root);
}
