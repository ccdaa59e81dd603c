/* All that there is below /admin. */
#include "admin/pages.h"

static const struct desk_page *const desk_pages[] = {
    &desk_page_today,
    &desk_page_decisions,
    &desk_page_decision,
    &desk_page_buys,
    &desk_page_buy,
    &desk_page_messages,
    &desk_page_message,
    &desk_page_buyers,
    &desk_page_buyer,
    &desk_page_people,
    &desk_page_creatives,
    &desk_page_creative,
    &desk_page_creative_preview,
    &desk_page_products,
    &desk_page_product,
    &desk_page_product_edit,
    &desk_page_offers,
    &desk_page_formats,
    &desk_page_format,
    &desk_page_property,
    &desk_page_slots,
    &desk_page_slot,
    &desk_page_availability,
    &desk_page_sales,
    &desk_page_sales_file,
    &desk_page_ads,
    &desk_page_ads_file,
    &desk_page_ads_why,
    &desk_page_adservers,
    &desk_page_adserver_items,
    &desk_page_adserver_settings,
    &desk_page_health,
    &desk_page_audit,
    &desk_page_sessions,
    &desk_page_sign_in,
    &desk_page_enter,
    &desk_page_openid,
    &desk_page_openid_callback,
};

static const struct desk_action *const desk_actions[] = {
    &desk_action_decide_several,  &desk_action_decide,
    &desk_action_comment,         &desk_action_take,
    &desk_action_send_again,      &desk_action_add_user,
    &desk_action_set_role,        &desk_action_set_user_status,
    &desk_action_link_user,       &desk_action_set_email,
    &desk_action_remove_email,    &desk_action_add_buyer,
    &desk_action_rename_buyer,    &desk_action_set_buyer_status,
    &desk_action_add_token,       &desk_action_rotate_token,
    &desk_action_revoke_token,    &desk_action_enter,
    &desk_action_sign_out,        &desk_action_end_session,
    &desk_action_decide_creative, &desk_action_add_product,
    &desk_action_set_product,     &desk_action_offer_product,
    &desk_action_remove_product,  &desk_action_test_adserver,
    &desk_action_sync_adserver,   &desk_action_set_adserver,
    &desk_action_import_delivery, &desk_action_look_again,
    &desk_action_retry_row,       &desk_action_drop_row,
    &desk_action_switch,          &desk_action_sign_in,
    &desk_action_own_password,    &desk_action_own_app,
    &desk_action_own_app_confirm, &desk_action_own_app_remove,
    &desk_action_set_password,    &desk_action_remove_password,
    &desk_action_remove_app,      &desk_action_erase_user,
    &desk_action_add_format,      &desk_action_set_format,
    &desk_action_add_property,    &desk_action_set_property,
    &desk_action_add_slot,        &desk_action_set_slot,
    &desk_action_remove_slot,
};

static const struct desk_routes routes = {
    desk_pages, ARRAY_LEN(desk_pages), desk_actions, ARRAY_LEN(desk_actions), &desk_page_sign_in,
};

void desk_serve(struct dispatcher *d, struct http_exchange *ex, struct str rest)
{
    desk_handle(&routes, d, ex, rest);
}
