/* Who may call what: the operations of buyers and of the publisher's people against every role. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "tools/tool.h"

/* B buyer, V viewer, O operator, A administrator; a dot where the role is refused. */
static const struct {
    const char *roles;
    const char *tools; /* between spaces */
} expected[] = {
    /* what buyers read, everybody reads */
    { "BVOA",
      "get_adcp_capabilities get_products list_creative_formats get_media_buys get_media_buy_delivery list_creatives"
      " list_accounts get_task_status list_tasks" },
    /* what buyers change; people of the publisher may do it for them, but a viewer changes nothing */
    { "B.OA", "create_media_buy update_media_buy sync_creatives sync_accounts provide_performance_feedback" },
    /* what people see: never a buyer */
    { ".VOA",
      "x_task_list x_task_get x_rule_list x_rule_test x_audit_list x_audit_verify x_audit_head x_principal_list x_token_list x_creative_list x_creative_get x_job_list x_job_get x_key_list x_quarantine_list x_adapter_list x_adapter_plan x_slot_list x_ads_report x_ads_why x_creative_preview x_product_list x_product_get x_product_try x_product_days x_product_fits x_sales_get x_agent_get x_adapter_items x_format_list x_property_list" },
    /* what decides and works: never a buyer, never a viewer */
    { "..OA",
      "x_task_resolve x_task_assign x_task_update x_complete_task x_creative_decide x_job_redeliver x_key_rotate"
      " x_quarantine_retry x_quarantine_drop x_adapter_test x_adapter_sync x_adapter_look"
      " x_delivery_import x_product_offer" },
    /* who may do what, by which rules */
    { "...A",
      "x_rule_add x_rule_remove x_rule_move x_principal_add x_principal_set x_token_add x_token_rotate x_token_revoke"
      " x_tenant_get x_tenant_set x_slot_set x_slot_remove x_product_add x_product_set x_product_remove x_adapter_get x_adapter_set" },
};

static void check(const char *name, size_t n, const char *roles)
{
    static const enum role all[] = { ROLE_BUYER, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMINISTRATOR };
    const struct tool *t = tool_find((struct str){ name, n });
    if (!t) fail_msg("there is no tool %.*s", (int)n, name);
    for (size_t i = 0; i < 4; i++) {
        if (tool_permits(t, all[i]) != (roles[i] != '.')) fail_msg("%s: role %c", t->name, "BVOA"[i]);
    }
}

static void test_each_operation(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        for (const char *p = expected[i].tools; *p; p += strspn(p, " ")) {
            size_t n = strcspn(p, " ");
            check(p, n, expected[i].roles);
            p += n;
        }
    }
}

/* Also those nobody has thought of here. */
static void test_deciding_is_never_a_buyers(void **state)
{
    static const char *const verbs[] = { "resolve", "decide", "complete", "assign" };
    (void)state;
    for (size_t i = 0; i < tool_table_n; i++) {
        const struct tool *t = &tool_table[i];
        bool decides = false;
        for (size_t k = 0; k < ARRAY_LEN(verbs); k++) decides |= strstr(t->name, verbs[k]) != NULL;
        if (!decides || strcmp(t->name, "x_link_decide") == 0) continue; /* a link is a credential of its own */
        assert_false(tool_permits(t, ROLE_BUYER));
        assert_false(tool_permits(t, ROLE_VIEWER));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_operation),
                                        cmocka_unit_test(test_deciding_is_never_a_buyers) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
