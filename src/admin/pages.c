/* All that there is below /admin. */
#include "admin/pages.h"

const struct desk_page *const desk_pages[] = {
    &desk_page_today,    &desk_page_decisions, &desk_page_decision,
    &desk_page_sessions, &desk_page_sign_in,   &desk_page_enter,
};
const size_t desk_pages_n = ARRAY_LEN(desk_pages);

const struct desk_action *const desk_actions[] = {
    &desk_action_decide_several, &desk_action_decide,   &desk_action_comment,     &desk_action_take,
    &desk_action_enter,          &desk_action_sign_out, &desk_action_end_session,
};
const size_t desk_actions_n = ARRAY_LEN(desk_actions);
