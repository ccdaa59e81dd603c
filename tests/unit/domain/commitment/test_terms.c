/* What was agreed: terms in their closed shape, a digest that anybody can work out again, and the accepted proposal of a media buy. */
#include "publisher_data.h"

#include "domain/commitment/commitment.h"

#define TERMS                                                                                                                 \
    "{\"brand\":{\"domain\":\"acme.example\"},\"purchases\":[{\"product_id\":\"p\",\"pricing_option_id\":\"o\",\"pricing\":{" \
    "\"pricing_option_id\":\"o\",\"pricing_model\":\"cpm\",\"currency\":\"USD\",\"fixed_price\":12.50%s},"                    \
    "\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\"}],"                                        \
    "\"start_time\":\"2026-04-01T00:00:00Z\",\"end_time\":\"2026-05-01T00:00:00Z\"}"

static yyjson_mut_val *terms(struct room *r, const char *more)
{
    return json_copy(json_doc_new(&r->arena), room_json(r, arena_printf(&r->arena, TERMS, more).p));
}

/* Worked out by another program: SHA-256 of the RFC 8785 text. */
static void a_digest_anybody_can_work_out(struct room *r, const struct act *act)
{
    struct terms_text t, with_more, dearer;
    struct err e;
    ROOM_OK(terms_close(act, terms(r, ""), &t, &e));
    assert_string_equal(arena_cstr(&r->arena, t.digest), "sha256:np0KCqR4jzkP8GYWX1D6x2qlWVudHQH6qHXkO4nIe0w");
    ROOM_OK(terms_close(act, terms(r, ",\"max_bid\":true"), &with_more,
                        &e)); /* the open shape has it, the closed has not */
    assert_true(str_eq(with_more.digest, t.digest));
    ROOM_OK(terms_close(act, terms(r, ",\"min_spend_per_package\":5"), &dearer, &e));
    assert_false(str_eq(dearer.digest, t.digest));
}

static void terms_that_are_none(struct room *r, const struct act *act)
{
    struct terms_text t;
    struct err e;
    yyjson_mut_val *none = terms(r, "");
    (void)yyjson_mut_obj_remove_key(none, "purchases");
    assert_int_equal(terms_close(act, none, &t, &e), -1);
    assert_string_equal(e.code, "SERVICE_UNAVAILABLE");
}

static void a_media_buy_keeps_what_was_agreed(struct room *r, const struct act *act)
{
    struct media_buy_created made;
    struct err e;
    yyjson_val *args =
        room_json(r, "{\"brand\":{\"domain\":\"acme.example\"},\"start_time\":\"2026-03-12T00:00:00Z\",\"end_time\":"
                     "\"2026-03-22T00:00:00Z\",\"packages\":[{\"product_id\":\"p1\",\"pricing_option_id\":\"cpm\","
                     "\"budget\":1000}]}");
    yyjson_mut_doc *doc = json_doc_new(&r->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    ROOM_OK(media_buy_create(act, args, &made, &e));
    assert_int_equal(commitment_proposal(act, &made.buy.row, doc, o, "none", &e), 0); /* bought by create_media_buy */
    ROOM_OK(commitment_record(act, &made.buy, args, &e));
    ROOM_OK(commitment_encode(act, &made.buy, doc, o, &e));
    yyjson_val *reply = room_json(r, json_write(&r->arena, o).p);
    assert_true(str_is(json_str(json_obj(reply, "accepted_proposal"), "proposal_status"), "accepted"));
    yyjson_val *bought = json_get_path(reply, "/accepted_proposal/commercial_terms/purchases/0");
    assert_int_equal(json_i64_or(bought, "budget", -1), 1000);
    assert_int_equal(yyjson_arr_size(json_arr(reply, "purchase_bindings")), 1);
}

static void run(void (*test)(struct room *r, const struct act *act))
{
    struct room *r = room_open();
    publisher_data(r, "");
    room_do(r, ROLE_BUYER, test);
    room_close(r);
}

static void digests(void **state)
{
    (void)state;
    run(a_digest_anybody_can_work_out);
    run(terms_that_are_none);
}

static void purchases(void **state)
{
    (void)state;
    run(a_media_buy_keeps_what_was_agreed);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(digests), cmocka_unit_test(purchases) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
