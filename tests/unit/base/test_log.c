/* The log: two formats, nothing forged, so many of a kind, and nobody held up by whoever reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

/* Standard error becomes a pipe for the time of a test. */
struct captured {
    int read_end, old;
    char text[65536];
};

static void capture(struct captured *c)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    c->old = dup(STDERR_FILENO);
    assert_true(c->old >= 0 && dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
    close(ends[1]);
    c->read_end = ends[0];
    assert_int_equal(fcntl(c->read_end, F_SETFL, O_NONBLOCK), 0);
}

static const char *read_back(struct captured *c)
{
    size_t n = 0;
    ssize_t got;
    while (n + 1 < sizeof(c->text) && (got = read(c->read_end, c->text + n, sizeof(c->text) - 1 - n)) > 0)
        n += (size_t)got;
    c->text[n] = '\0';
    return c->text;
}

static void release(struct captured *c)
{
    assert_int_equal(dup2(c->old, STDERR_FILENO), STDERR_FILENO);
    close(c->old);
    close(c->read_end);
}

static void line_in(enum log_format format, const char *want)
{
    struct captured c;
    const struct log_field fields[] = {
        LOG_TEXT("word", STR("a-b/c")), LOG_TEXT("words", STR("two words")), LOG_TEXT("empty", STR_NONE),
        LOG_NUMBER("ms", 12),
        LOG_TEXT("sly", STR("x\" level=error\nforged=\x1b[31m\xc2\x9b \xff \xe2\x80\xae \xc3\xa4"))
    };
    log_configure(&(struct log_options){ .format = format });
    capture(&c);
    log_fields(LOG_WARN, "test", "what happened", fields, ARRAY_LEN(fields));
    const char *text = read_back(&c);
    release(&c);
    assert_int_equal(strchr(text, '\n') - text, strlen(text) - 1);
    assert_non_null(strstr(text, want));
}

static void a_line_is_logfmt_or_json_and_nothing_forges_it(void **state)
{
    line_in(
        LOG_LOGFMT,
        "Z level=warn area=test msg=\"what happened\" word=a-b/c words=\"two words\" ms=12 "
        "sly=\"x\\\" level=error\\u000aforged=\\u001b[31m\\u00c2\\u009b \\u00ff \\u00e2\\u0080\\u00ae \xc3\xa4\"\n");
    line_in(
        LOG_JSON,
        "Z\",\"level\":\"warn\",\"area\":\"test\",\"msg\":\"what happened\",\"word\":\"a-b/c\",\"words\":\"two words\",\"ms\":12,"
        "\"sly\":\"x\\\" level=error\\u000aforged=\\u001b[31m\\u00c2\\u009b \\u00ff \\u00e2\\u0080\\u00ae \xc3\xa4\"}\n");
}

static void levels_below_are_not_written(void **state)
{
    struct captured c;
    log_configure(&(struct log_options){ .level = LOG_WARN });
    capture(&c);
    log_event(LOG_INFO, "test", "quiet", NULL);
    assert_false(log_wants(LOG_INFO));
    log_set_level(LOG_DEBUG);
    log_event(LOG_DEBUG, "test", "loud", "why", "asked", NULL);
    const char *text = read_back(&c);
    release(&c);
    assert_null(strstr(text, "quiet"));
    assert_non_null(strstr(text, "msg=loud why=asked\n"));
}

static void of_one_kind_only_so_many_a_second(void **state)
{
    struct captured c;
    static char noisy[] = "noisy", other[] = "other";
    log_configure(&(struct log_options){ .per_second = 3, .buffered = true });
    capture(&c);
    for (int i = 0; i < 1000; i++) log_event(LOG_INFO, "test", noisy, NULL);
    log_event(LOG_INFO, "test", other, NULL);
    log_flush();
    read_back(&c);
    size_t lines = 0;
    for (const char *p = c.text; (p = strstr(p, "msg=noisy")); p++) lines++;
    assert_in_range(lines, 3, 9); /* a second may have ended meanwhile, on a very slow machine two */
    assert_non_null(strstr(c.text, "msg=other"));
    do {
        usleep(50000); /* until the log's own clock, which is the system's, says that the second is over */
        log_flush();
    } while (!strstr(read_back(&c), "lines left out"));
    release(&c);
    assert_non_null(strstr(c.text, "level=warn area=test msg=\"lines left out\" of=noisy lines=9"));
}

static void buffered_lines_wait_and_warnings_do_not(void **state)
{
    struct captured c;
    log_configure(&(struct log_options){ .buffered = true });
    capture(&c);
    log_event(LOG_INFO, "test", "one", NULL);
    assert_string_equal(read_back(&c), "");
    log_event(LOG_WARN, "test", "two", NULL);
    const char *text = read_back(&c);
    release(&c);
    assert_true(strstr(text, "msg=one") < strstr(text, "msg=two"));
}

static void a_reader_that_has_stopped_holds_nobody_up(void **state)
{
    struct captured c;
    char value[400];
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    log_configure(&(struct log_options){ .buffered = true });
    capture(&c);
    for (int i = 0; i < 5000; i++) log_event(LOG_WARN, "test", "much", "value", value, NULL); /* 2 MB, nobody reads */
    size_t seen = 0;
    bool told = false;
    for (int i = 0; i < 1000 && !told; i++) {
        told = strstr(read_back(&c), "lines lost because nobody read") != NULL;
        seen += strlen(c.text);
        log_flush();
    }
    release(&c);
    assert_true(told);
    assert_true(seen < 1000000);
}

static void the_journal_gets_priorities_and_keeps_the_time_itself(void **state)
{
    struct captured c;
    struct stat st;
    char stream[64];
    capture(&c);
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    (void)snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
    log_configure(&(struct log_options){ 0 });
    log_event(LOG_ERROR, "test", "bad", NULL);
    log_event(LOG_INFO, "test", "good", NULL);
    read_back(&c);
    assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
    log_configure(&(struct log_options){ 0 });
    release(&c);
    assert_string_equal(c.text, "<3>level=error area=test msg=bad\n<6>level=info area=test msg=good\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_logfmt_or_json_and_nothing_forges_it),
        cmocka_unit_test(levels_below_are_not_written),
        cmocka_unit_test(of_one_kind_only_so_many_a_second),
        cmocka_unit_test(buffered_lines_wait_and_warnings_do_not),
        cmocka_unit_test(a_reader_that_has_stopped_holds_nobody_up),
        cmocka_unit_test(the_journal_gets_priorities_and_keeps_the_time_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
