/* The assistant's answers: what counts as an opinion. The flow is in tests/sim/sim_opinion.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "domain/decide/opinion_record.h"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_finish(&arena);
    return 0;
}

static enum opinion_decision reads(const char *content)
{
    yyjson_mut_doc *doc = json_doc_new(&arena);
    yyjson_mut_val *root = json_root_obj(doc);
    yyjson_mut_val *choice = json_push_obj(doc, json_add_arr(doc, root, "choices"));
    json_add_str(doc, json_add_obj(doc, choice, "message"), "content", str_from(content));
    struct opinion o = { .whole = true };
    opinion_read(&arena, json_write(&arena, root), &o);
    assert_true(o.whole);
    assert_true((o.decision == OPINION_NONE) == (o.why.n > 0));
    return o.decision;
}

#define REST "\"categories\":[],\"reasons\":[\"r\"]}"

static void only_a_verdict_is_a_verdict(void **state)
{
    (void)state;
    assert_int_equal(reads(" \n{\"decision\":\"approve\",\"confidence\":1," REST), OPINION_APPROVE);
    assert_int_equal(reads("{\"decision\":\"reject\",\"confidence\":0.0," REST), OPINION_REJECT);
    assert_int_equal(reads("{\"decision\":\"people\",\"confidence\":0.5," REST), OPINION_PEOPLE);
    static const char *const bad[] = {
        "",
        "approve",
        "[]",
        "null",
        "{}",
        "{\"decision\":\"approve\"}",
        "```json\n{\"decision\":\"approve\",\"confidence\":1," REST,
        "{\"decision\":\"approve\",\"confidence\":1," REST " Thank you.",
        "{\"decision\":\"approve\",\"decision\":\"reject\",\"confidence\":1,\"categories\":[],\"reasons\":[\"r\"]}",
        "{\"decision\":\"APPROVE\",\"confidence\":1," REST,
        "{\"decision\":\"approve\",\"confidence\":\"1\"," REST,
        "{\"decision\":\"approve\",\"confidence\":1.01," REST,
        "{\"decision\":\"approve\",\"confidence\":-0.1," REST,
        "{\"decision\":\"approve\",\"confidence\":1e999," REST,
        "{\"decision\":\"approve\",\"confidence\":1,\"categories\":\"none\",\"reasons\":[\"r\"]}",
        "{\"decision\":\"approve\",\"confidence\":1,\"categories\":[1],\"reasons\":[\"r\"]}",
        "{\"decision\":\"approve\",\"confidence\":1,\"categories\":[],\"reasons\":[]}",
        "{\"decision\":\"approve\",\"confidence\":1,\"categories\":[],\"reasons\":[\"r\"],\"note\":\"x\"}",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) assert_int_equal(reads(bad[i]), OPINION_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_a_verdict_is_a_verdict, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
