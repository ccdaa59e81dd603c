/* The last words of a process, and what the next one finds of them. Each death is a child's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/doing.h"

/* Runs `die` in a child; its standard error in `said`, how it ended in the return value. */
static int child(void (*die)(const char *path), const char *path, char *said, size_t cap)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        die(path);
        _exit(0);
    }
    (void)close(ends[1]);
    size_t n = 0;
    for (ssize_t got; (got = read(ends[0], said + n, cap - 1 - n)) > 0;) n += (size_t)got;
    said[n] = '\0';
    (void)close(ends[0]);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void breaks_a_promise(const char *path)
{
    doing_set(STR("create_media_buy"), STR("tenant-1"), STR("acme \"corp\""));
    ENSURE(!"a promise");
}

static void the_last_line_names_operation_publisher_principal_and_where(void **state)
{
    char said[16384];
    int status = child(breaks_a_promise, NULL, said, sizeof(said));
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(said, "a promise"));
    assert_non_null(strstr(said, "test_doing.c:"));
    assert_non_null(strstr(said, "operation create_media_buy; publisher tenant-1; principal acme??corp?\n"));
    const char *trace = strchr(said, '\n');
    assert_true(trace && strchr(trace + 1, '\n')); /* at least one frame */
}

static void is_killed_over_a_row(const char *path)
{
    struct doing before;
    if (doing_keep(path, &before)) _exit(3);
    if (before.operation[0]) _exit(4);
    doing_row(STR("flight"), STR("tenant-1"), STR("mb-1"));
    (void)raise(SIGKILL);
}

static void ends_in_order(const char *path)
{
    struct doing before;
    if (doing_keep(path, &before)) _exit(3);
    bool found = strcmp(before.operation, "flight") == 0 && strcmp(before.row, "mb-1") == 0 && !before.principal[0];
    doing_row(STR("task"), STR("tenant-1"), STR("task-1"));
    doing_nothing();
    _exit(found ? 0 : 4);
}

static void finds_nothing(const char *path)
{
    struct doing before;
    if (doing_keep(path, &before)) _exit(3);
    _exit(before.operation[0] || before.row[0] ? 4 : 0);
}

static void a_process_knows_what_the_one_before_was_killed_over_but_not_what_it_finished(void **state)
{
    char path[] = "/tmp/salesagent-doing-XXXXXX", said[1024];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_true(WIFSIGNALED(child(is_killed_over_a_row, path, said, sizeof(said))));
    assert_int_equal(child(ends_in_order, path, said, sizeof(said)), 0);
    assert_int_equal(child(finds_nothing, path, said, sizeof(said)), 0);
    (void)unlink(path);
}

static void what_is_too_long_is_cut(void **state)
{
    char text[1000];
    memset(text, 'x', sizeof(text));
    struct str s = { text, sizeof(text) };
    doing_set(s, s, s);
    struct doing d = doing_now();
    assert_int_equal(strlen(d.operation), sizeof(d.operation) - 1);
    assert_int_equal(strlen(d.publisher), sizeof(d.publisher) - 1);
    assert_int_equal(strlen(d.principal), sizeof(d.principal) - 1);
    doing_nothing();
    assert_int_equal(doing_now().operation[0], 0);
    doing_again(&d);
    assert_string_equal(doing_now().operation, d.operation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_line_names_operation_publisher_principal_and_where),
        cmocka_unit_test(a_process_knows_what_the_one_before_was_killed_over_but_not_what_it_finished),
        cmocka_unit_test(what_is_too_long_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
