/* Fields of a posted form, as browsers send them and as nobody should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "protocols/html.h"

#define B                 "----abc"
#define PART(name, value) "--" B "\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART(name, value)                                                                                         \
    "--" B "\r\nContent-Disposition: form-data; name=\"" name                                                          \
    "\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n" value "\r\n"
#define END "--" B "--\r\n"

static struct http_memory m;

static void posted(const char *type, struct str body)
{
    http_exchange_init_memory(&m, "POST", "/");
    http_memory_header(&m, "Content-Type", str_from(type));
    m.ex.body = body;
}

static void field_is(const char *name, const char *value)
{
    struct str got = html_form_field(&m.ex, name);
    assert_int_equal(got.n, strlen(value));
    assert_memory_equal(got.p ? got.p : "", value, got.n);
}

static void plain_fields_are_decoded(void **state)
{
    posted("application/x-www-form-urlencoded", STR("a=1+2&b=%C3%A4&c=%00&a=second&d"));
    field_is("a", "1 2");
    field_is("b", "\xc3\xa4");
    field_is("c", "");
    field_is("d", "");
    assert_false(html_form_sound(&m.ex));
    http_memory_finish(&m);
}

static void a_file_is_a_field_without_its_byte_order_mark(void **state)
{
    posted("multipart/form-data; boundary=" B,
           STR(PART("token", "t") FILE_PART("file", "\xEF\xBB\xBF"
                                                    "date,spend\r\n2027-01-01,1\r\n") PART("csv", "") END));
    field_is("token", "t");
    field_is("file", "date,spend\r\n2027-01-01,1\r\n");
    field_is("csv", "");
    field_is("a.csv", "");
    field_is("none", "");
    assert_true(html_form_sound(&m.ex));
    http_memory_finish(&m);
}

static void what_looks_like_a_boundary_is_none(void **state)
{
    posted("multipart/form-data; boundary=\"" B "\"", STR(PART("a", "x--" B "\r\ny " B "\r\n-" B) PART("b", "2") END));
    field_is("b", "2");
    field_is("a", "x--" B "\r\ny " B "\r\n-" B);
    http_memory_finish(&m);
}

static void several_of_a_name_come_in_order(void **state)
{
    posted("multipart/form-data; boundary=" B, STR(PART("t", "1") PART("u", "x") PART("t", "2") END));
    struct str rest = m.ex.body, value;
    assert_true(html_form_next(&m.ex, &rest, "t", &value));
    assert_true(str_is(value, "1"));
    assert_true(html_form_next(&m.ex, &rest, "t", &value));
    assert_true(str_is(value, "2"));
    assert_false(html_form_next(&m.ex, &rest, "t", &value));
    http_memory_finish(&m);
}

static void what_is_broken_has_no_fields(void **state)
{
    static const char *const bodies[] = {
        "",
        "--" B,
        "--" B "--",
        "--" B "\r\n",
        PART("a", "not ended"),
        "--" B "\r\nno head\r\n" END,
        "--" B "\r\n\r\n\r\n--" B,
        "--" B "\nContent-Disposition: form-data; name=\"a\"\n\n1\n" END,
    };
    static const char *const types[] = { ("multipart/form-data; boundary=" B), "multipart/form-data",
                                         "multipart/form-data; boundary=", "multipart/form-data; boundary=\"" };
    for (size_t t = 0; t < ARRAY_LEN(types); t++) {
        for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
            posted(types[t], str_from(bodies[i]));
            field_is("a", "");
            (void)html_form_sound(&m.ex); /* it ends */
            http_memory_finish(&m);
        }
    }
}

static void what_is_no_text_is_refused(void **state)
{
    posted("multipart/form-data; boundary=" B, STR(FILE_PART("file", "\xff\xfe"
                                                                     "d\0a\0") END));
    field_is("file", "");
    assert_false(html_form_sound(&m.ex));
    http_memory_finish(&m);
}

static void very_many_parts_cost_what_they_are_long(void **state)
{
    static char body[1 << 20];
    size_t n = 0, one = strlen(PART("a", ""));
    while (n + one < sizeof(body) - 32) {
        memcpy(body + n, PART("a", ""), one);
        n += one;
    }
    memcpy(body + n, END, strlen(END));
    posted("multipart/form-data; boundary=" B, (struct str){ body, n + strlen(END) });
    for (int i = 0; i < 20; i++) field_is("z", "");
    http_memory_finish(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_fields_are_decoded),
        cmocka_unit_test(a_file_is_a_field_without_its_byte_order_mark),
        cmocka_unit_test(what_looks_like_a_boundary_is_none),
        cmocka_unit_test(several_of_a_name_come_in_order),
        cmocka_unit_test(what_is_broken_has_no_fields),
        cmocka_unit_test(what_is_no_text_is_refused),
        cmocka_unit_test(very_many_parts_cost_what_they_are_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
