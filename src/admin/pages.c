/* All that there is below /admin. */
#include "admin/pages.h"

const struct desk_page *const desk_pages[] = {
    &desk_page_today,    &desk_page_decisions, &desk_page_decision, &desk_page_buys,  &desk_page_buy,
    &desk_page_messages, &desk_page_message,   &desk_page_buyers,   &desk_page_buyer, &desk_page_people,
    &desk_page_audit,    &desk_page_sessions,  &desk_page_sign_in,  &desk_page_enter,
};
const size_t desk_pages_n = ARRAY_LEN(desk_pages);

const struct desk_action *const desk_actions[] = {
    &desk_action_decide_several, &desk_action_decide,       &desk_action_comment,      &desk_action_take,
    &desk_action_send_again,     &desk_action_add_user,     &desk_action_set_role,     &desk_action_set_user_status,
    &desk_action_link_user,      &desk_action_add_buyer,    &desk_action_rename_buyer, &desk_action_set_buyer_status,
    &desk_action_add_token,      &desk_action_rotate_token, &desk_action_revoke_token, &desk_action_enter,
    &desk_action_sign_out,       &desk_action_end_session,
};
const size_t desk_actions_n = ARRAY_LEN(desk_actions);
