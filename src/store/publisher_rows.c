#include "store/publisher_rows.h"

#include "store/stmt.h"

#define OF_TENANT "tenant_id = ?1"
#define OF_BUY    "media_buy_id IN (SELECT media_buy_id FROM media_buy WHERE tenant_id = ?1)"
#define OF_JOB    "seq IN (SELECT seq FROM job WHERE tenant_id = ?1)"
#define OF_SLOT   "slot IN (SELECT slot_key FROM slot WHERE tenant_id = ?1)"
/* Of a package the owner is the publisher, of a creative "publisher NEWLINE principal" (q_house.h). */
#define OWNED   "(owner = ?1 OR substr(owner, 1, length(?1) + 1) = ?1 || char(10))"
#define OF_PACK "package IN (SELECT house_key FROM house_key WHERE " OWNED ")"

/* In an order in which what a condition asks is still there. What triggers keep summed (stored, product_flight) comes after
 * what is summed. */
#define TABLES(X)                                                                                                      \
    X("creative_fact", OF_BUY)                                                                                         \
    X("delivery_fact", OF_BUY)                                                                                         \
    X("media_buy_history", OF_BUY)                                                                                     \
    X("creative_assignment", OF_TENANT)                                                                                \
    X("booking", OF_TENANT)                                                                                            \
    X("package", OF_BUY)                                                                                               \
    X("job_payload", OF_JOB)                                                                                           \
    X("job", OF_TENANT)                                                                                                \
    X("house_count", OF_PACK)                                                                                          \
    X("house_count", OF_SLOT)                                                                                          \
    X("house_exposure", OF_PACK)                                                                                       \
    X("house_way", OF_PACK)                                                                                            \
    X("house_place", OF_SLOT)                                                                                          \
    X("house_history", OF_SLOT)                                                                                        \
    X("house_buy", OF_TENANT)                                                                                          \
    X("house_key", OWNED)                                                                                              \
    X("slot", OF_TENANT)                                                                                               \
    X("house_publisher", OF_TENANT)                                                                                    \
    X("a2a_task", OF_TENANT)                                                                                           \
    X("ad_server_item", OF_TENANT)                                                                                     \
    X("ad_server_remote", OF_TENANT)                                                                                   \
    X("ad_server_state", OF_TENANT)                                                                                    \
    X("ad_server", OF_TENANT)                                                                                          \
    X("buyer_object_part", OF_TENANT)                                                                                  \
    X("buyer_object", OF_TENANT)                                                                                       \
    X("creative_removal", OF_TENANT)                                                                                   \
    X("creative", OF_TENANT)                                                                                           \
    X("decide_link", OF_TENANT)                                                                                        \
    X("feedback", OF_TENANT)                                                                                           \
    X("governance_check", OF_TENANT)                                                                                   \
    X("health_report", OF_TENANT)                                                                                      \
    X("idempotency", OF_TENANT)                                                                                        \
    X("logged_event", OF_TENANT)                                                                                       \
    X("media_buy", OF_TENANT)                                                                                          \
    X("account", OF_TENANT)                                                                                            \
    X("product_text", OF_TENANT)                                                                                       \
    X("product_text_key", OF_TENANT)                                                                                   \
    X("product", OF_TENANT)                                                                                            \
    X("catalog_version", OF_TENANT)                                                                                    \
    X("product_flight", OF_TENANT)                                                                                     \
    X("format", OF_TENANT)                                                                                             \
    X("property", OF_TENANT)                                                                                           \
    X("signal", OF_TENANT)                                                                                             \
    X("proposal_hold", OF_TENANT)                                                                                      \
    X("proposal", OF_TENANT)                                                                                           \
    X("quarantine", OF_TENANT)                                                                                         \
    X("remote_list", OF_TENANT)                                                                                        \
    X("report_schedule", OF_TENANT)                                                                                    \
    X("rule", OF_TENANT)                                                                                               \
    X("sandbox_traffic", OF_TENANT)                                                                                    \
    X("session", OF_TENANT)                                                                                            \
    X("sign_in_link", OF_TENANT)                                                                                       \
    X("signing_key", OF_TENANT)                                                                                        \
    X("task", OF_TENANT)                                                                                               \
    X("token", OF_TENANT)                                                                                              \
    X("webhook_activity", OF_TENANT)                                                                                   \
    X("webhook", OF_TENANT)                                                                                            \
    X("principal", OF_TENANT)                                                                                          \
    X("stored", OF_TENANT)                                                                                             \
    X("publisher_off", OF_TENANT)                                                                                      \
    X("tenant", OF_TENANT)

#define NAME(table, of)   table,
#define DELETE(table, of) "DELETE FROM " table " WHERE " of,

const char *const publisher_tables[] = { TABLES(NAME) NULL };
const char *const installation_tables[] = { "audit",
                                            "audit_head",
                                            "house_change",
                                            "house_epoch",
                                            "house_used",
                                            "job_hold",
                                            "job_lane",
                                            "pulse",
                                            "request_nonce",
                                            "schema_migration",
                                            "product_text_config",
                                            "product_text_content",
                                            "product_text_data",
                                            "product_text_docsize",
                                            "product_text_idx",
                                            "sqlite_sequence",
                                            NULL };

static const char *const deletes[] = { TABLES(DELETE) };

int publisher_rows_remove(struct tx *tx, struct str tenant_id, int64_t *rows, struct err *e)
{
    AUTO_STMT struct stmt *later = stmt_get(tx, "PRAGMA defer_foreign_keys = ON"); /* until the commit */
    if (stmt_run(later, e)) return -1;
    *rows = 0;
    for (size_t i = 0; i < ARRAY_LEN(deletes); i++) {
        AUTO_STMT struct stmt *s = stmt_get(tx, deletes[i]);
        stmt_str(s, 1, tenant_id);
        if (stmt_run(s, e)) return -1;
        *rows += tx_changes(tx);
    }
    return 0;
}
