/* The pages and actions of the desk, by the files they are in. */
#pragma once

#include "admin/desk.h"

/* For dispatcher.desk: answers a request below /admin. */
void desk_serve(struct dispatcher *d, struct http_exchange *ex, struct str rest);
/* For dispatcher.decide_link and .sign_order: what follows /decide/ (entrance/decide_link.c) and /sign/ (entrance/sign_order.c). */
void desk_decide_link(struct dispatcher *d, struct http_exchange *ex, struct str text);
void desk_sign_order(struct dispatcher *d, struct http_exchange *ex, struct str task_id);

/* today.c */
extern const struct desk_page desk_page_today;

/* decisions.c */
extern const struct desk_page desk_page_decisions, desk_page_decision;
extern const struct desk_action desk_action_decide_several, desk_action_decide, desk_action_comment, desk_action_take;
/* Adds to tasks of a view what their templates show: "late", "due_class", "not_mine". */
void desk_tasks_finish(struct desk_request *r, yyjson_mut_val *tasks);
/* The same to one that is shown whole, with its findings, packages and parts. */
void desk_task_finish(struct desk_request *r, yyjson_mut_val *task);

/* entrance/entrance.c */
extern const struct desk_page desk_page_sign_in, desk_page_enter, desk_page_sessions;
extern const struct desk_action desk_action_sign_in, desk_action_switch, desk_action_enter, desk_action_sign_out,
    desk_action_end_session, desk_action_own_password, desk_action_own_app, desk_action_own_app_confirm,
    desk_action_own_app_remove;

/* What a new session is told of where it was opened, and which one ends by it. */
void desk_add_where(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args);

/* entrance/openid.c */
extern const struct desk_page desk_page_openid, desk_page_openid_callback;

/* buys.c */
extern const struct desk_page desk_page_buys, desk_page_buy;

/* creatives.c */
extern const struct desk_page desk_page_creatives, desk_page_creative, desk_page_creative_preview;
extern const struct desk_action desk_action_decide_creative;

/* products.c */
extern const struct desk_page desk_page_products, desk_page_product, desk_page_product_edit, desk_page_offers;
extern const struct desk_action desk_action_add_product, desk_action_set_product, desk_action_offer_product,
    desk_action_remove_product;

/* formats.c */
extern const struct desk_page desk_page_formats, desk_page_format, desk_page_property;
extern const struct desk_action desk_action_add_format, desk_action_set_format, desk_action_add_property,
    desk_action_set_property;
extern const struct desk_page desk_page_slots, desk_page_slot;
extern const struct desk_action desk_action_add_slot, desk_action_set_slot, desk_action_remove_slot;

/* availability.c, sales.c */
extern const struct desk_page desk_page_availability, desk_page_sales, desk_page_sales_file;

/* ads.c */
extern const struct desk_page desk_page_ads, desk_page_ads_file, desk_page_ads_why;

/* adservers.c */
extern const struct desk_page desk_page_adservers, desk_page_adserver_items, desk_page_adserver_settings;
extern const struct desk_action desk_action_test_adserver, desk_action_sync_adserver, desk_action_set_adserver,
    desk_action_import_delivery;

/* health.c */
extern const struct desk_page desk_page_health;
extern const struct desk_action desk_action_look_again, desk_action_retry_row, desk_action_drop_row;

/* audit.c, messages.c */
extern const struct desk_page desk_page_audit, desk_page_messages, desk_page_message;
extern const struct desk_action desk_action_send_again;

/* people.c */
extern const struct desk_page desk_page_people;
extern const struct desk_action desk_action_add_user, desk_action_set_role, desk_action_set_user_status,
    desk_action_link_user, desk_action_set_email, desk_action_remove_email, desk_action_set_password,
    desk_action_remove_password, desk_action_remove_app, desk_action_erase_user;

/* buyers.c */
extern const struct desk_page desk_page_buyers, desk_page_buyer;
extern const struct desk_action desk_action_add_buyer, desk_action_rename_buyer, desk_action_set_buyer_status,
    desk_action_add_token, desk_action_rotate_token, desk_action_revoke_token;
