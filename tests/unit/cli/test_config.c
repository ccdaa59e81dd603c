/* Settings: four places in their order, lists, secrets, credentials, and every mistake named with where it
 * stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/config.h"

struct fixture {
    struct arena arena;
    struct config c;
    char dir[64], file[96];
    char *environment[8];
    char *argv[16];
    int argc;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    arena_init(&f->arena);
    strcpy(f->dir, "/tmp/salesagent-config-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->file, sizeof(f->file), "%s/test.conf", f->dir);
    f->argv[f->argc++] = (char *)"serve";
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char path[128];
    static const char *const names[] = { "test.conf", "token", "metrics_token", "tls_key" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        (void)unlink(path);
    }
    assert_int_equal(rmdir(f->dir), 0);
    arena_finish(&f->arena);
    free(f);
    return 0;
}

static void write_file(const struct fixture *f, const char *name, const char *text)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void environment(struct fixture *f, const char *text)
{
    size_t n = 0;
    while (f->environment[n]) n++;
    f->environment[n] = (char *)text;
}

static void option(struct fixture *f, const char *text)
{
    f->argv[f->argc++] = (char *)text;
}

static void load(struct fixture *f)
{
    struct config_input in = { f->environment, f->argc, f->argv };
    config_load(&f->arena, &in, &f->c);
}

/* With the file of this test, and nothing wrong. */
static void load_with_file(struct fixture *f, const char *text)
{
    write_file(f, "test.conf", text);
    environment(f, arena_printf(&f->arena, "SALESAGENT_CONFIG=%s", f->file).p);
    load(f);
}

static bool complains(const struct fixture *f, const char *of)
{
    for (size_t i = 0; i < f->c.issues_n; i++) {
        if (strstr(f->c.issues[i].text, of)) return true;
    }
    return false;
}

static void without_anything_the_presets_count(void **state)
{
    struct fixture *f = *state;
    environment(f, "SALESAGENT_CONFIG=");
    load(f);
    assert_int_equal(f->c.issues_n, 0);
    assert_null(f->c.file);
    assert_string_equal(config_text(&f->c, CONFIG_DATA), "data");
    assert_int_equal(config_number(&f->c, CONFIG_MAX_BODY), 8 << 20);
    assert_int_equal(f->c.entries[CONFIG_LISTEN].n, 2);
    assert_false(config_is_on(&f->c, CONFIG_SANDBOX));
    assert_false(config_is_set(&f->c, CONFIG_DATA));
    assert_null(config_text(&f->c, CONFIG_TLS_CERT));
}

static void the_later_place_counts(void **state)
{
    struct fixture *f = *state;
    environment(f, "SALESAGENT_DATA=from-environment");
    environment(f, "SALESAGENT_DRAIN=2m");
    option(f, "--drain");
    option(f, "3");
    load_with_file(f, "data=from-file\ndrain=1\nlog=warn\n");
    assert_int_equal(f->c.issues_n, 0);
    assert_string_equal(f->c.file, f->file);
    assert_string_equal(config_text(&f->c, CONFIG_LOG), "warn");
    assert_string_equal(f->c.entries[CONFIG_LOG].values[0].source, arena_printf(&f->arena, "%s:3", f->file).p);
    assert_string_equal(config_text(&f->c, CONFIG_DATA), "from-environment");
    assert_string_equal(f->c.entries[CONFIG_DATA].values[0].source, "SALESAGENT_DATA");
    assert_int_equal(config_number(&f->c, CONFIG_DRAIN), 3);
    assert_string_equal(f->c.entries[CONFIG_DRAIN].values[0].source, "--drain");
}

static void a_list_grows_in_one_place_and_a_higher_one_replaces_it(void **state)
{
    struct fixture *f = *state;
    load_with_file(f, "allow_host=a.example\nallow_host = b.example , c.example\nlisten=localhost:1 "
                      "agent,localhost:2 metrics\n");
    assert_int_equal(f->c.issues_n, 0);
    assert_int_equal(f->c.entries[CONFIG_ALLOW_HOST].n, 3);
    assert_string_equal(f->c.entries[CONFIG_ALLOW_HOST].values[2].text, "c.example");
    assert_string_equal(f->c.entries[CONFIG_LISTEN].values[1].text, "localhost:2 metrics");
    option(f, "--allow-host=d.example");
    load(f);
    assert_int_equal(f->c.entries[CONFIG_ALLOW_HOST].n, 1);
    assert_string_equal(config_text(&f->c, CONFIG_ALLOW_HOST), "d.example");
}

static void nothing_as_a_value_gives_the_preset_back(void **state)
{
    struct fixture *f = *state;
    environment(f, "SALESAGENT_DATA=");
    option(f, "--listen=");
    load_with_file(f, "data=/srv\nlisten=localhost:1\nallow_host=a.example\nallow_host=\nmetrics_token_file=\n");
    assert_int_equal(f->c.issues_n, 0);
    assert_string_equal(config_text(&f->c, CONFIG_DATA), "/srv"); /* a variable without value is not there */
    assert_int_equal(f->c.entries[CONFIG_LISTEN].n, 2);
    assert_int_equal(f->c.entries[CONFIG_ALLOW_HOST].n, 0);
}

static void names_may_be_written_as_their_place_writes_them(void **state)
{
    struct fixture *f = *state;
    option(f, "--allow_origin");
    option(f, "https://a.example");
    option(f, "--sandbox");
    load_with_file(f, "SALESAGENT_TLS_CERT=c.pem\nTls-Key=k.pem\n");
    assert_int_equal(f->c.issues_n, 0);
    assert_string_equal(config_text(&f->c, CONFIG_TLS_CERT), "c.pem");
    assert_string_equal(config_text(&f->c, CONFIG_TLS_KEY), "k.pem");
    assert_string_equal(config_text(&f->c, CONFIG_ALLOW_ORIGIN), "https://a.example");
    assert_true(config_is_on(&f->c, CONFIG_SANDBOX));
}

static void every_mistake_says_where_it_is_and_what_was_meant(void **state)
{
    struct fixture *f = *state;
    environment(f, "SALESAGENT_TLS_CRT=x");
    environment(f, "SALESAGENTX=not ours");
    option(f, "--lisen=localhost:1");
    option(f, "word");
    option(f, "--drain=yes");
    option(f, "--data");
    load_with_file(f, "\nlisten_=x\nnonsense\nsandbox=perhaps\nlog=loud\nmax_body=1\nmax_body=8X\nmax_"
                      "connections=99999999999999999999\n");
    assert_true(complains(f, "test.conf:2: there is no setting 'listen_'; did you mean listen?"));
    assert_true(complains(f, "test.conf:3: A line is KEY=VALUE"));
    assert_true(complains(f, "test.conf:4: sandbox is yes or no, not 'perhaps'"));
    assert_true(complains(f, "test.conf:5: log is one of: debug info warn error, not 'loud'"));
    assert_true(complains(
        f, "test.conf:6: max_body is a number of bytes (K, M, G may follow) from 65536 to 67108864, not '1'"));
    assert_true(complains(f, "test.conf:7: max_body is a number of bytes"));
    assert_true(complains(f, "test.conf:8: max_connections is a number from 8 to 1000000"));
    assert_true(complains(f, "there is no setting SALESAGENT_TLS_CRT; did you mean SALESAGENT_TLS_CERT?"));
    assert_true(complains(f, "there is no option --lisen; did you mean --listen?"));
    assert_true(complains(f, "unexpected argument 'word'"));
    assert_true(complains(f, "--drain: drain is a number of seconds"));
    assert_true(complains(f, "--data wants a value"));
    assert_int_equal(f->c.issues_n, 12);
    assert_int_equal(f->c.issues[f->c.issues_n - 1].place, CONFIG_IN_OPTIONS);
}

static void a_file_that_was_asked_for_must_be_there(void **state)
{
    struct fixture *f = *state;
    option(f, "--config");
    option(f, "/nonexistent/x.conf");
    load(f);
    assert_true(complains(f, "/nonexistent/x.conf cannot be read: No such file"));
}

static void secrets_come_from_files_and_never_from_options(void **state)
{
    struct fixture *f = *state;
    write_file(f, "token", "s3cret\n");
    option(f, "--metrics-token");
    option(f, "seen-by-all");
    load_with_file(f, arena_printf(&f->arena, "metrics_token_file=%s/token\n", f->dir).p);
    assert_int_equal(f->c.issues_n, 1);
    assert_true(complains(f, "name a file with --metrics-token-file"));
    assert_string_equal(config_text(&f->c, CONFIG_METRICS_TOKEN), "s3cret");
    assert_non_null(strstr(f->c.entries[CONFIG_METRICS_TOKEN].values[0].source, "test.conf:1"));
}

static void credentials_of_the_service_manager_are_found_by_name(void **state)
{
    struct fixture *f = *state;
    write_file(f, "metrics_token", "handed over\n");
    write_file(f, "tls_key", "PEM");
    environment(f, arena_printf(&f->arena, "CREDENTIALS_DIRECTORY=%s", f->dir).p);
    load_with_file(f, "tls_key=/etc/elsewhere.pem\n");
    assert_int_equal(f->c.issues_n, 0);
    assert_string_equal(config_text(&f->c, CONFIG_METRICS_TOKEN), "handed over");
    assert_string_equal(config_text(&f->c, CONFIG_TLS_KEY), arena_printf(&f->arena, "%s/tls_key", f->dir).p);
    assert_string_equal(f->c.entries[CONFIG_TLS_KEY].values[0].source, "credential tls_key");
    option(f, "--tls-key=other.pem");
    load(f);
    assert_string_equal(config_text(&f->c, CONFIG_TLS_KEY), "other.pem");
}

static void what_differs_is_what_has_other_values(void **state)
{
    struct fixture *f = *state;
    struct config before;
    load_with_file(f, "log=warn\nallow_host=a.example\n");
    before = f->c;
    option(f, "--log=warn");
    option(f, "--allow-host=a.example,b.example");
    load(f);
    assert_true(config_same(&before, &f->c, CONFIG_LOG));
    assert_true(config_same(&before, &f->c, CONFIG_DATA));
    assert_false(config_same(&before, &f->c, CONFIG_ALLOW_HOST));
    config_keep(&f->c, &before, CONFIG_ALLOW_HOST);
    assert_true(config_same(&before, &f->c, CONFIG_ALLOW_HOST));
}

static void every_setting_can_be_explained(void **state)
{
    for (int i = 0; i < CONFIG_N; i++) {
        const struct config_key *k = &config_keys[i];
        assert_non_null(k->name);
        assert_true(k->help && *k->help);
        assert_true((k->kind == CONFIG_SWITCH) == (k->value == NULL));
        assert_true((k->kind == CONFIG_WORD) == (k->words != NULL));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_anything_the_presets_count),
        TEST(the_later_place_counts),
        TEST(a_list_grows_in_one_place_and_a_higher_one_replaces_it),
        TEST(nothing_as_a_value_gives_the_preset_back),
        TEST(names_may_be_written_as_their_place_writes_them),
        TEST(every_mistake_says_where_it_is_and_what_was_meant),
        TEST(a_file_that_was_asked_for_must_be_there),
        TEST(secrets_come_from_files_and_never_from_options),
        TEST(credentials_of_the_service_manager_are_found_by_name),
        TEST(what_differs_is_what_has_other_values),
        cmocka_unit_test(every_setting_can_be_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
