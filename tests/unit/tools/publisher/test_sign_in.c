/* Passwords and authenticator apps: who may set them, what opens a session, what is taken once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include <liboath/oath.h>

#include "base/rfc3339.h"
#include "tools/fixture.h"

#define SENTENCE "nobody guesses this one"

static void fails(struct fixture *f, const char *tool, const char *args, const char *code, const char *field)
{
    struct fixture_reply r = fixture_call(f, tool, args);
    if (r.rc != -1) print_error("%s %s succeeded\n", tool, args);
    assert_int_equal(r.rc, -1);
    assert_string_equal(r.e.code, code);
    assert_string_equal(r.e.field, field);
}

static struct fixture *with_ann(void **state)
{
    struct fixture *f = *state;
    fixture_become(f, "test-operator");
    (void)fixture_ok(f, "x_user_add", "{\"principal_id\":\"ann\",\"role\":\"operator\"}");
    (void)fixture_ok(f, "x_user_password", "{\"principal_id\":\"ann\",\"password\":\"" SENTENCE "\"}");
    return f;
}

static struct str opened(struct fixture *f, const char *args)
{
    struct fixture_reply r = fixture_ok(f, "x_session_password", args);
    struct str secret = json_str(r.reply, "session");
    assert_int_equal(secret.n, 43);
    assert_string_equal(arena_cstr(&f->arena, json_str(json_obj(r.reply, "person"), "principal_id")), "ann");
    return secret;
}

static const char *with_code(struct fixture *f, const char *code)
{
    return arena_printf(&f->arena, "{\"name\":\"ann\",\"password\":\"" SENTENCE "\",\"code\":\"%s\"}", code).p;
}

/* As an app makes it of the key that was shown. */
static const char *code_at(struct fixture *f, const char *shown, int64_t at)
{
    char *key, code[7];
    size_t n;
    assert_int_equal(oath_base32_decode(shown, strlen(shown), &key, &n), OATH_OK);
    assert_int_equal(oath_totp_generate(key, n, (time_t)(at / USEC_PER_SEC), 30, 0, 6, code), OATH_OK);
    free(key);
    return arena_dup(&f->arena, str_from(code)).p;
}

static void a_password_opens_a_session_and_anything_else_says_the_same(void **state)
{
    static const char *const wrong[] = {
        "{\"name\":\"ann\",\"password\":\"" SENTENCE "!\"}",
        "{\"name\":\"ann\",\"password\":\"x\"}",
        "{\"name\":\"Ann\",\"password\":\"" SENTENCE "\"}",
        "{\"name\":\"nobody\",\"password\":\"" SENTENCE "\"}",
        "{\"name\":\"test-buyer\",\"password\":\"" SENTENCE "\"}",
        "{\"name\":\"test-operator\",\"password\":\"" SENTENCE "\"}",
    };
    struct fixture *f = with_ann(state);
    f->anonymous = true;
    (void)opened(f, "{\"name\":\"ann\",\"password\":\"" SENTENCE "\"}");
    struct fixture_reply first = fixture_call(f, "x_session_password", wrong[0]);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct fixture_reply r = fixture_call(f, "x_session_password", wrong[i]);
        assert_int_equal(r.rc, -1);
        assert_memory_equal(&r.e, &first.e, sizeof(r.e));
        assert_int_equal(r.work.statements, first.work.statements);
    }
    f->anonymous = false;
    (void)fixture_ok(f, "x_user_set", "{\"principal_id\":\"ann\",\"status\":\"disabled\"}");
    f->anonymous = true;
    struct fixture_reply disabled =
        fixture_call(f, "x_session_password", "{\"name\":\"ann\",\"password\":\"" SENTENCE "\"}");
    assert_int_equal(disabled.rc, -1);
    assert_memory_equal(&disabled.e, &first.e, sizeof(first.e));
}

static void a_new_password_is_long_and_not_the_name(void **state)
{
    struct fixture *f = with_ann(state);
    static const char *const bad[] = { "short", "eleven char", "aaaaaaaaaaaaaaaa", "abababababababab",
                                       "I am test-operator here" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *args =
            arena_printf(&f->arena, "{\"principal_id\":\"test-operator\",\"password\":\"%s\"}", bad[i]).p;
        fails(f, "x_user_password", args, "INVALID_REQUEST", "/password");
    }
    (void)fixture_ok(f, "x_user_password", "{\"principal_id\":\"ann\",\"password\":\"zwölf Wörter\"}");
    fails(f, "x_user_password", "{\"principal_id\":\"test-buyer\",\"password\":\"" SENTENCE "\"}",
          "REFERENCE_NOT_FOUND", "/principal_id");
}

static void another_password_ends_the_sessions_and_the_old_one(void **state)
{
    struct fixture *f = with_ann(state);
    f->anonymous = true;
    (void)opened(f, "{\"name\":\"ann\",\"password\":\"" SENTENCE "\"}");
    (void)opened(f, "{\"name\":\"ann\",\"password\":\"" SENTENCE "\"}");
    f->anonymous = false;
    assert_int_equal(yyjson_arr_size(json_arr(fixture_ok(f, "x_session_list", "{}").reply, "sessions")), 2);
    (void)fixture_ok(f, "x_user_password", "{\"principal_id\":\"ann\",\"password\":\"another sentence of hers\"}");
    assert_int_equal(yyjson_arr_size(json_arr(fixture_ok(f, "x_session_list", "{}").reply, "sessions")), 0);
    f->anonymous = true;
    fails(f, "x_session_password", "{\"name\":\"ann\",\"password\":\"" SENTENCE "\"}", "INVALID_REQUEST", "");
    (void)opened(f, "{\"name\":\"ann\",\"password\":\"another sentence of hers\"}");
}

static void ones_own_password_wants_the_one_so_far(void **state)
{
    struct fixture *f = with_ann(state);
    fixture_become(f, "ann");
    fails(f, "x_own_password_set", "{\"current\":\"wrong\",\"password\":\"a new sentence here\"}", "INVALID_REQUEST",
          "/current");
    fails(f, "x_own_password_set", "{\"password\":\"a new sentence here\"}", "INVALID_REQUEST", "/current");
    (void)fixture_ok(f, "x_own_password_set", "{\"current\":\"" SENTENCE "\",\"password\":\"a new sentence here\"}");
    f->anonymous = true;
    (void)opened(f, "{\"name\":\"ann\",\"password\":\"a new sentence here\"}");
    f->anonymous = false;
    fixture_become(f, "test-operator"); /* has none */
    (void)fixture_ok(f, "x_own_password_set", "{\"password\":\"a first sentence here\"}");
}

static void a_code_counts_when_it_was_confirmed_and_once(void **state)
{
    struct fixture *f = with_ann(state);
    fails(f, "x_user_totp_start", "{\"principal_id\":\"test-operator\"}", "INVALID_STATE", ""); /* no password */
    fails(f, "x_user_totp_confirm", "{\"principal_id\":\"ann\",\"code\":\"123456\"}", "INVALID_STATE", "");
    struct fixture_reply r = fixture_ok(f, "x_user_totp_start", "{\"principal_id\":\"ann\"}");
    const char *key = arena_cstr(&f->arena, json_str(r.reply, "key"));
    f->anonymous = true;
    (void)opened(f, with_code(f, "")); /* not yet */
    f->anonymous = false;
    const char *code = code_at(f, key, f->now);
    fails(f, "x_user_totp_confirm", "{\"principal_id\":\"ann\",\"code\":\"000000\"}", "INVALID_REQUEST", "/code");
    (void)fixture_ok(f, "x_user_totp_confirm",
                     arena_printf(&f->arena, "{\"principal_id\":\"ann\",\"code\":\"%s\"}", code).p);
    f->anonymous = true;
    fails(f, "x_session_password", with_code(f, ""), "INVALID_REQUEST", "");
    fails(f, "x_session_password", with_code(f, code), "INVALID_REQUEST", ""); /* used */
    f->now += 60 * USEC_PER_SEC;
    const char *next = code_at(f, key, f->now);
    (void)opened(f, with_code(f, next));
    fails(f, "x_session_password", with_code(f, next), "INVALID_REQUEST", ""); /* replayed */
    fails(f, "x_session_password", with_code(f, code_at(f, key, f->now - 30 * USEC_PER_SEC)), "INVALID_REQUEST", "");
    (void)opened(f, with_code(f, code_at(f, key, f->now + 30 * USEC_PER_SEC))); /* a clock that is ahead */
    fails(f, "x_session_password", with_code(f, code_at(f, key, f->now + 60 * USEC_PER_SEC)), "INVALID_REQUEST", "");
    f->now += 7 * USEC_PER_DAY;
    (void)opened(f, with_code(f, code_at(f, key, f->now - 30 * USEC_PER_SEC))); /* and one that is behind */
}

static void a_lost_app_is_removed_by_an_administrator_or_with_the_password(void **state)
{
    struct fixture *f = with_ann(state);
    struct fixture_reply r = fixture_ok(f, "x_user_totp_start", "{\"principal_id\":\"ann\"}");
    const char *key = arena_cstr(&f->arena, json_str(r.reply, "key"));
    const char *confirm =
        arena_printf(&f->arena, "{\"principal_id\":\"ann\",\"code\":\"%s\"}", code_at(f, key, f->now)).p;
    r = fixture_ok(f, "x_user_totp_confirm", confirm);
    assert_true(str_is(json_str(r.reply, "signs_in_with"), "password_and_code"));
    fails(f, "x_user_totp_start", "{\"principal_id\":\"ann\"}", "INVALID_STATE", "");
    r = fixture_ok(f, "x_user_list", "{}");
    assert_non_null(memmem(r.text.p, r.text.n, "password_and_code", 17));
    fixture_become(f, "ann");
    r = fixture_ok(f, "x_user_list", "{}");
    assert_null(memmem(r.text.p, r.text.n, "signs_in_with", 13));
    fails(f, "x_own_totp_stop", "{\"current\":\"wrong\"}", "INVALID_REQUEST", "/current");
    (void)fixture_ok(f, "x_own_totp_stop", "{\"current\":\"" SENTENCE "\"}");
    fails(f, "x_own_totp_stop", "{\"current\":\"" SENTENCE "\"}", "INVALID_STATE", "");
    fixture_become(f, "test-operator");
    fails(f, "x_user_totp_remove", "{\"principal_id\":\"ann\"}", "INVALID_STATE", "");
    r = fixture_ok(f, "x_user_password_remove", "{\"principal_id\":\"ann\"}");
    assert_true(str_is(json_str(r.reply, "signs_in_with"), "link"));
    f->anonymous = true;
    fails(f, "x_session_password", with_code(f, ""), "INVALID_REQUEST", "");
}

static void nothing_secret_is_in_the_trail_or_the_list(void **state)
{
    struct fixture *f = with_ann(state);
    struct fixture_reply key = fixture_ok(f, "x_user_totp_start", "{\"principal_id\":\"ann\"}");
    struct fixture_reply trail = fixture_ok(f, "x_audit_list", "{}");
    assert_non_null(memmem(trail.text.p, trail.text.n, "user.password", 13));
    assert_non_null(memmem(trail.text.p, trail.text.n, "user.totp_start", 15));
    assert_null(memmem(trail.text.p, trail.text.n, SENTENCE, strlen(SENTENCE)));
    assert_null(memmem(trail.text.p, trail.text.n, "argon2", 6));
    struct str shown = json_str(key.reply, "key");
    assert_null(memmem(trail.text.p, trail.text.n, shown.p, 4));
}

static void who_is_erased_leaves_an_id_and_nothing_else(void **state)
{
    struct fixture *f = with_ann(state);
    (void)fixture_ok(f, "x_user_set", "{\"principal_id\":\"ann\",\"name\":\"Annabel Unmistakable\"}");
    (void)fixture_ok(f, "x_token_add", "{\"principal_id\":\"ann\",\"label\":\"laptop\"}");
    f->anonymous = true;
    (void)opened(f, "{\"name\":\"ann\",\"password\":\"" SENTENCE "\",\"browser\":\"Unmistakable/1\"}");
    f->anonymous = false;
    fails(f, "x_user_erase", "{\"principal_id\":\"test-operator\"}", "INVALID_STATE", ""); /* oneself */
    fails(f, "x_user_erase", "{\"principal_id\":\"test-buyer\"}", "REFERENCE_NOT_FOUND", "/principal_id");
    struct fixture_reply r = fixture_ok(f, "x_user_erase", "{\"principal_id\":\"ann\"}");
    assert_int_equal(json_i64_or(r.reply, "sessions", -1), 1);
    assert_int_equal(json_i64_or(r.reply, "tokens", -1), 1);
    static const char *const lists[] = { "x_user_list", "x_session_list", "x_token_list", "x_audit_list" };
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        r = fixture_ok(f, lists[i], "{}");
        assert_null(memmem(r.text.p, r.text.n, "nnabel", 6));
        assert_null(memmem(r.text.p, r.text.n, "Unmistakable", 12));
    }
    assert_non_null(memmem(r.text.p, r.text.n, "principal:ann", 13)); /* the trail, last */
    f->anonymous = true;
    fails(f, "x_session_password", with_code(f, ""), "INVALID_REQUEST", "");
    f->anonymous = false;
    fails(f, "x_user_erase", "{\"principal_id\":\"ann\"}", "REFERENCE_NOT_FOUND", "/principal_id");
    fails(f, "x_user_set", "{\"principal_id\":\"ann\",\"status\":\"active\"}", "REFERENCE_NOT_FOUND", "/principal_id");
    fails(f, "x_user_add", "{\"principal_id\":\"ann\"}", "CONFLICT", "/principal_id"); /* nobody becomes who decided */
    fails(f, "x_user_link", "{\"principal_id\":\"ann\"}", "REFERENCE_NOT_FOUND", "/principal_id");
    (void)fixture_ok(f, "x_user_add", "{\"principal_id\":\"bea\",\"role\":\"administrator\"}");
    fixture_become(f, "bea");
    (void)fixture_ok(f, "x_user_erase", "{\"principal_id\":\"test-operator\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_password_opens_a_session_and_anything_else_says_the_same, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_new_password_is_long_and_not_the_name, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(another_password_ends_the_sessions_and_the_old_one, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(ones_own_password_wants_the_one_so_far, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_code_counts_when_it_was_confirmed_and_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_lost_app_is_removed_by_an_administrator_or_with_the_password, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(nothing_secret_is_in_the_trail_or_the_list, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(who_is_erased_leaves_an_id_and_nothing_else, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
