/* control_media_buy (AdCP 3.2, compact lifecycle): what may be changed of a media buy without new terms, as update_media_buy does
 * it, on a revision that the caller has seen. */
#include "domain/commitment/commitment.h"
#include "tools/commitment/commitment_tools.h"
#include "tools/media_buy/targeting_patch.h"
#include "tools/media_buy/total_budget.h"

/* Each package once (AdCP); the update itself would take the later word. */
static int check_once(yyjson_val *packages, struct err *e)
{
    yyjson_val *v, *w;
    size_t i, n, j, m;
    yyjson_arr_foreach(packages, i, n, v) {
        yyjson_arr_foreach(packages, j, m, w) {
            if (j >= i) break;
            if (!str_eq(json_str(v, "package_id"), json_str(w, "package_id"))) continue;
            (void)err_set(e, "INVALID_REQUEST", "A package may be named once.");
            (void)err_suggest(e, "Put all changes of a package into one entry.");
            return err_field(e, "/packages/%zu/package_id", i);
        }
    }
    return 0;
}

int control_media_buy_run(struct tool_call *c, struct err *e)
{
    struct media_buy_updated r;
    struct media_buy buy;
    if (check_once(json_arr(c->args, "packages"), e) || targeting_patch(c, e)) return -1;
    if (total_budget_update(c, &r, e)) return -1;
    if (r.submitted) {
        c->outcome = TOOL_SUBMITTED;
        c->task_id = r.task.task_id;
        c->message = STR("The publisher approves this change first; follow the task for the decision.");
        return task_called_as(c->act, &r.task, "control_media_buy", e);
    }
    c->message = r.changed ? STR("Media buy changed.") : STR("Nothing to change; the media buy is as asked.");
    int found = media_buy_load(c->act, r.buy.row.media_buy_id, &buy, e);
    if (found <= 0) return found < 0 ? -1 : media_buy_not_found(e);
    return control_encode(c->act, &buy, r.touched, c->doc, c->reply, e);
}
