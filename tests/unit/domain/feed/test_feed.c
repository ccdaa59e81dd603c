/* Catalog feeds as they are met: JSON, lines of JSON, tables, RSS and Atom of merchants, and feeds of the buyer's own
 * making with their mappings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <zlib.h>

#include "contract/document.h"
#include "domain/feed/feed.h"

static struct arena arena;

static int setup(void **state)
{
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    arena_finish(&arena);
    return 0;
}

static struct feed_items read_ok(const char *format, const char *body, const char *mappings)
{
    struct feed_ask ask = { .format = str_from(format),
                            .body = str_from(body),
                            .mappings = mappings ? document_read(&arena, str_from(mappings)) : NULL };
    struct feed_items items;
    struct err e = { 0 };
    int rc = feed_read(&arena, &ask, &items, &e);
    if (rc) print_error("%s\n", e.message);
    assert_int_equal(rc, 0);
    return items;
}

static const char *why(const char *format, struct str body)
{
    struct feed_ask ask = { .format = str_from(format), .body = body };
    struct feed_items items;
    struct err e = { 0 };
    assert_int_equal(feed_read(&arena, &ask, &items, &e), -1);
    assert_string_equal(e.code, "INVALID_REQUEST");
    return arena_printf(&arena, "%s", e.message).p;
}

static const char *doc(const struct feed_items *f, size_t i)
{
    assert_true(i < f->n);
    return arena_cstr(&arena, f->items[i].doc);
}

static void json_is_read_in_its_three_shapes(void **state)
{
    static const char *const shapes[] = {
        "[{\"item_id\":\"a\",\"n\":1},{\"sku\":\"b\"}]",
        "\xef\xbb\xbf {\"version\":1,\"items\":[{\"item_id\":\"a\",\"n\":1},{\"sku\":\"b\"}]}",
        "{\"item_id\":\"a\",\"n\":1}\r\n\n{\"sku\":\"b\"}\n"
    };
    for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
        struct feed_items f = read_ok("", shapes[i], NULL);
        assert_int_equal(f.n, 2);
        assert_string_equal(doc(&f, 0), "{\"item_id\":\"a\",\"n\":1}");
        assert_true(str_is(f.items[1].id, "b"));
    }
    struct feed_items f =
        read_ok("", "[{\"item_id\":\"a\"},{\"title\":\"x\"},{\"item_id\":\"a\",\"late\":1},{\"item_id\":\"c\"}]", NULL);
    assert_int_equal(f.n, 2);
    assert_int_equal(f.nameless, 1);
    assert_int_equal(f.repeated, 1);
    assert_int_equal(f.issues_n, 2);
    assert_true(str_is(f.issues[0].item_id, "#1"));
    assert_true(str_is(f.issues[1].item_id, "a"));
    assert_string_equal(doc(&f, 0), "{\"item_id\":\"a\"}"); /* the first of them */
    assert_true(str_is(f.items[1].id, "c"));
}

static void tables_are_read(void **state)
{
    struct feed_items f =
        read_ok("google_merchant_center",
                "id\ttitle\tlink\timage_link\tprice\n"
                "1\tA \"quoted\" shoe\thttps://s.example/1\thttps://s.example/1.png\t12.50 USD\n2\tB\t\t\t\n",
                NULL);
    assert_int_equal(f.n, 2);
    yyjson_val *item = document_read(&arena, f.items[0].doc);
    assert_true(str_is(json_str(item, "item_id"), "1"));
    assert_true(str_is(json_str(item, "title"), "A \"quoted\" shoe"));
    assert_true(str_is(json_str(item, "url"), "https://s.example/1"));
    assert_true(str_is(json_str(item, "image_url"), "https://s.example/1.png"));
    assert_true(str_is(json_str(item, "price"), "12.50 USD"));
    f = read_ok("facebook_catalog",
                "id,title,description\r\n7,\"Shoe, red\",\"two\nlines and \"\"quotes\"\"\"\r\n8,plain,x", NULL);
    assert_int_equal(f.n, 2);
    item = document_read(&arena, f.items[0].doc);
    assert_true(str_is(json_str(item, "title"), "Shoe, red"));
    assert_true(str_is(json_str(item, "description"), "two\nlines and \"quotes\""));
    assert_true(str_is(json_str(document_read(&arena, f.items[1].doc), "description"), "x"));
}

static void feeds_of_merchants_are_read_as_rss_and_atom(void **state)
{
    struct feed_items f = read_ok(
        "google_merchant_center",
        "<?xml version=\"1.0\"?><rss xmlns:g=\"http://base.google.com/ns/1.0\" version=\"2.0\"><channel><title>Shop</title>"
        "<item><g:id>s1</g:id><title>  Shoes &amp; more </title><link>https://s.example/1</link><g:image_link>https://s.example/1.png"
        "</g:image_link><g:additional_image_link>a</g:additional_image_link><g:additional_image_link>b</g:additional_image_link>"
        "<g:shipping><g:country>US</g:country><g:price>5 USD</g:price></g:shipping><description><![CDATA[<b>x</b>]]></description>"
        "</item></channel></rss>",
        NULL);
    assert_int_equal(f.n, 1);
    yyjson_val *item = document_read(&arena, f.items[0].doc);
    assert_true(str_is(json_str(item, "item_id"), "s1"));
    assert_true(str_is(json_str(item, "title"), "Shoes & more"));
    assert_true(str_is(json_str(item, "shipping.price"), "5 USD"));
    assert_true(str_is(json_str(item, "description"), "<b>x</b>"));
    assert_int_equal(yyjson_arr_size(json_arr(item, "additional_image_link")), 2);
    f = read_ok("google_merchant_center",
                "<feed xmlns=\"http://www.w3.org/2005/Atom\"><entry><id>e1</id><link href=\"https://s.example/e\"/>"
                "</entry></feed>",
                NULL);
    assert_true(str_is(json_str(document_read(&arena, f.items[0].doc), "url"), "https://s.example/e"));
}

static void mappings_make_items(void **state)
{
    struct feed_items f = read_ok(
        "custom",
        "code,name,cents,from,open,tags,photo\nH1,Grand,12999,20260301,yes,\"pool, spa\",https://h.example/1.png\n"
        "H2,Small,,bad,maybe,,\n",
        "[{\"feed_field\":\"code\",\"catalog_field\":\"hotel_id\"},{\"feed_field\":\"name\",\"catalog_field\":\"name\"},"
        "{\"feed_field\":\"cents\",\"catalog_field\":\"price.amount\",\"transform\":\"divide\",\"by\":100},"
        "{\"catalog_field\":\"price.currency\",\"value\":\"USD\"},"
        "{\"feed_field\":\"from\",\"catalog_field\":\"valid_from\",\"transform\":\"date\",\"format\":\"YYYYMMDD\"},"
        "{\"feed_field\":\"open\",\"catalog_field\":\"available\",\"transform\":\"boolean\",\"default\":false},"
        "{\"feed_field\":\"tags\",\"catalog_field\":\"amenities\",\"transform\":\"split\"},"
        "{\"feed_field\":\"photo\",\"asset_group_id\":\"images_landscape\"}]");
    assert_int_equal(f.n, 2);
    assert_string_equal(
        doc(&f, 0),
        "{\"hotel_id\":\"H1\",\"name\":\"Grand\",\"price\":{\"amount\":129.99,\"currency\":\"USD\"},\"valid_from\":"
        "\"2026-03-01\",\"available\":true,\"amenities\":[\"pool\",\"spa\"],\"assets\":[{\"asset_group_id\":"
        "\"images_landscape\",\"asset_type\":\"image\",\"items\":[{\"asset_type\":\"image\",\"url\":"
        "\"https://h.example/1.png\"}]}]}");
    assert_string_equal(
        doc(&f, 1), "{\"hotel_id\":\"H2\",\"name\":\"Small\",\"price\":{\"currency\":\"USD\"},\"available\":false}");
}

/* What shops' programs write, as Merchant Center and Meta read it. */
static void tables_are_read_as_shops_write_them(void **state)
{
    static const char *const same[] = {
        "id\ttitle\tdescription\n1\tShoe, red\t5\" \"big\"\n2\tB\tx\n",
        "id\ttitle\tdescription\n1\t\"Shoe, red\"\t\"5\"\" \"\"big\"\"\"\n2\tB\tx\n",
        "ID,Title,Description\r\n1, \"Shoe, red\" ,\"5\"\" \"\"big\"\"\"\r\n 2 , B , x \r\n",
        "id;title;description\n1;Shoe, red;5\" \"big\"\n2;B;x\n",
        ("# Required | A unique id,\"# Required | The title\",# Optional\n\"id\",title,description\n"
         "1,\"Shoe, red\",\"5\"\" \"\"big\"\"\"\n2,B,x\n"),
        "  \t\n id | title | description\n1|Shoe, red|5\" \"big\"\n2|B|x",
    };
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        struct feed_items f = read_ok(i % 2 ? "facebook_catalog" : "google_merchant_center", same[i], NULL);
        assert_int_equal(f.n, 2);
        yyjson_val *item = document_read(&arena, f.items[0].doc);
        assert_true(str_is(json_str(item, "item_id"), "1"));
        assert_true(str_is(json_str(item, "title"), "Shoe, red"));
        assert_true(str_is(json_str(item, "description"), "5\" \"big\""));
        assert_true(str_is(json_str(document_read(&arena, f.items[1].doc), "description"), "x"));
    }
    /* A quote that is never closed is a character of the text, in tables of tabs. */
    struct feed_items f = read_ok("", "item_id\tname\n1\t\"half\n2\t\"a\"b\n3\t\"two\nlines\"\n", NULL);
    assert_int_equal(f.n, 3);
    assert_string_equal(doc(&f, 0), "{\"item_id\":\"1\",\"name\":\"\\\"half\"}");
    assert_string_equal(doc(&f, 1), "{\"item_id\":\"2\",\"name\":\"\\\"a\\\"b\"}");
    assert_string_equal(doc(&f, 2), "{\"item_id\":\"3\",\"name\":\"two\\nlines\"}");
}

static void a_name_that_stands_twice_is_kept_whole_or_once(void **state)
{
    struct feed_items f =
        read_ok("google_merchant_center",
                "id,additional image link,Additional Image Link,title,title\n1,a,b,first,second\n", NULL);
    assert_string_equal(doc(&f, 0), "{\"additional_image_link\":[\"a\",\"b\"],\"title\":\"first\",\"item_id\":\"1\"}");
    f = read_ok("", "item_id,tag,tag\n1,a,b\n", NULL);
    assert_string_equal(doc(&f, 0), "{\"item_id\":\"1\",\"tag\":[\"a\",\"b\"]}");
    f = read_ok(
        "google_merchant_center",
        "<rss xmlns:g='http://base.google.com/ns/1.0'><channel><item><title>for people</title><g:title>Shoe</g:title>"
        "<title>again</title><link>https://a.example/</link><g:id>1</g:id><dc:title>x</dc:title>"
        "<media:thumbnail>t</media:thumbnail></item></channel></rss>",
        NULL);
    yyjson_val *item = document_read(&arena, f.items[0].doc);
    assert_true(str_is(json_str(item, "title"), "Shoe"));
    assert_true(str_is(json_str(item, "url"), "https://a.example/"));
    assert_true(str_is(json_str(item, "thumbnail"), "t"));
}

static void identifiers_are_found_where_feeds_have_them(void **state)
{
    struct feed_items f =
        read_ok("google_merchant_center",
                "<!DOCTYPE yml_catalog SYSTEM \"shops.dtd\"><yml_catalog><offer id=\"12\" available=\"true\">"
                "<title>A</title></offer><product id='x'><id>13</id></product></yml_catalog>",
                NULL);
    assert_int_equal(f.n, 2);
    assert_true(str_is(f.items[0].id, "12"));
    assert_true(str_is(f.items[1].id, "13"));
    f = read_ok("facebook_catalog", "{\"data\":[{\"id\":12,\"title\":\"A\"},{\"id\":\"b\"},{\"id\":1.5}]}", NULL);
    assert_int_equal(f.n, 2);
    assert_string_equal(doc(&f, 0), "{\"title\":\"A\",\"item_id\":\"12\"}");
    assert_int_equal(f.nameless, 1);
    f = read_ok("custom", "Code,Name\n7,x\n", "[{\"feed_field\":\"code\",\"catalog_field\":\"sku\"}]");
    assert_true(str_is(f.items[0].id, "7"));
}

static struct feed_items read_bytes(const char *type, struct str body)
{
    struct feed_ask ask = { .format = STR(""), .body = body, .content_type = str_from(type) };
    struct feed_items items;
    struct err e = { 0 };
    if (feed_read(&arena, &ask, &items, &e)) fail_msg("%s", e.message);
    return items;
}

static void encodings_are_those_that_feeds_come_in(void **state)
{
    static const struct {
        const char *type;
        struct str body;
    } same[] = {
        { "", STR("item_id,t\n1,\xc3\xa4") },
        { "text/csv; charset=ISO-8859-1", STR("item_id,t\n1,\xc3\xa4") }, /* a server that does not know */
        { "", STR("item_id,t\n1,\xe4") },
        { "text/csv; charset=\"iso-8859-1\"", STR("item_id,t\n1,\xe4") },
        { "text/csv;charset=IBM850", STR("item_id,t\n1,\x84") },
        { "", STR("\xff\xfei\0t\0e\0m\0_\0i\0d\0,\0t\0\n\0"
                  "1\0,\0\xe4\0") },
        { "", STR("\xfe\xff\0i\0t\0e\0m\0_\0i\0d\0,\0t\0\n\0"
                  "1\0,\0\xe4") },
        { "", STR("i\0t\0e\0m\0_\0i\0d\0,\0t\0\n\0"
                  "1\0,\0\xe4\0") },
        { "",
          STR("<?xml version=\"1.0\" encoding=\"windows-1252\"?><r><item><item_id>1</item_id><t>\xe4</t></item></r>") },
        { "application/xml; charset=utf-8",
          STR("<?xml version=\"1.0\" encoding='latin1'?><r><item><item_id>1</item_id><t>\xc3\xa4</t></item></r>") },
    };
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        struct feed_items f = read_bytes(same[i].type, same[i].body);
        assert_int_equal(f.n, 1);
        assert_string_equal(doc(&f, 0), "{\"item_id\":\"1\",\"t\":\"\u00e4\"}");
    }
}

static struct str packed(struct str plain)
{
    z_stream z = { 0 };
    char *out = arena_alloc(&arena, plain.n + 1000);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)plain.p;
    z.avail_in = (uInt)plain.n;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)plain.n + 1000;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    struct str r = { out, z.total_out };
    assert_int_equal(deflateEnd(&z), Z_OK);
    return r;
}

static struct str joined(struct str a, struct str b)
{
    char *out = arena_alloc(&arena, a.n + b.n);
    memcpy(out, a.p, a.n);
    memcpy(out + a.n, b.p, b.n);
    return (struct str){ out, a.n + b.n };
}

static void a_compressed_feed_is_read_and_bounded(void **state)
{
    struct feed_items items;
    struct err e = { 0 };
    struct str one = packed(STR("item_id,title\na,Shoe\n")), two = packed(STR("b,Boot\n"));
    struct feed_ask ask = { .body = joined(one, two) }; /* members one after the other, as `cat` makes them */
    assert_int_equal(feed_read(&arena, &ask, &items, &e), 0);
    assert_int_equal(items.n, 2);
    assert_string_equal(doc(&items, 1), "{\"item_id\":\"b\",\"title\":\"Boot\"}");
    assert_non_null(strstr(why("", (struct str){ one.p, one.n - 9 }), "not whole"));
    assert_non_null(strstr(why("", joined(one, STR("rest"))), "not whole"));
    struct str zeros = { arena_alloc(&arena, (size_t)40 << 20), (size_t)40 << 20 };
    struct str bomb = packed(zeros); /* the arena's memory is zeros */
    assert_true(bomb.n < 50000);
    assert_non_null(strstr(why("", bomb), "32 MiB"));
}

static void what_is_no_feed_is_said(void **state)
{
    assert_non_null(strstr(why("", STR("")), "empty"));
    assert_non_null(strstr(why("", STR("\x1f\x8b\x08")), "compressed and not whole"));
    assert_non_null(strstr(why("", STR("PK\3\4")), "ZIP"));
    assert_non_null(strstr(why("", STR("not a feed")), "no columns"));
    assert_non_null(strstr(why("", STR("[1,2]")), "not an object"));
    assert_non_null(strstr(why("", STR("{\"a\":1,\"b\":{}}")), "no list"));
    assert_non_null(strstr(why("", STR("{\"a\":1}\n{broken")), "neither JSON"));
    assert_non_null(strstr(why("", STR("<html><body>404</body></html>")), "no items"));
    assert_non_null(strstr(why("", STR("<rss><item><id>a</id>")), "well-formed"));
    assert_non_null(
        strstr(why("", STR("<!DOCTYPE r [<!ENTITY a \"b\">]><rss><item><id>&a;</id></item></rss>")), "document type"));
    assert_non_null(strstr(why("", STR("id,t\n1,\"open")), "does not end"));
    assert_non_null(strstr(why("", STR("id,t\n1,\x81\n")), "UTF-8")); /* Windows-1252 has no such byte either */
    assert_non_null(
        strstr(why("", STR("<?xml version='1.0' encoding='utf-8'?><r><item><id>\xff</id></item></r>")), "UTF-8"));
    assert_non_null(
        strstr(why("", STR("<?xml version='1.0' encoding='x-none'?><r><item><id>1</id></item></r>")), "x-none"));
}

static void a_feed_has_a_most(void **state)
{
    struct str head = STR("id,t\n");
    size_t n = 10001 * 8;
    char *text = arena_alloc(&arena, head.n + n + 1), *p = text;
    memcpy(p, head.p, head.n);
    p += head.n;
    for (int i = 0; i <= 10000; i++) p += sprintf(p, "%05d,x\n", i);
    assert_non_null(strstr(why("", (struct str){ text, (size_t)(p - text) }), "more than 10000"));
}

/* A feed of kilobytes whose mappings put a constant into every item would otherwise fill the memory. */
static void a_feed_does_not_grow_without_bound(void **state)
{
    const size_t constant = 64 << 10, records = 9000;
    char *mappings = arena_alloc(&arena, constant + 300), *body = arena_alloc(&arena, records * 16);
    size_t at = (size_t)sprintf(mappings, "[{\"feed_field\":\"id\",\"catalog_field\":\"item_id\"},"
                                          "{\"catalog_field\":\"description\",\"value\":\"");
    memset(mappings + at, 'x', constant);
    strcpy(mappings + at + constant, "\"}]");
    at = 0;
    for (size_t i = 0; i < records; i++) at += (size_t)sprintf(body + at, "{\"id\":\"%zu\"}\n", i);
    struct feed_ask ask = { .format = STR("custom"),
                            .body = { body, at },
                            .mappings = document_read(&arena, str_from(mappings)) };
    struct feed_items items;
    struct err e = { 0 };
    assert_non_null(ask.mappings);
    assert_int_equal(feed_read(&arena, &ask, &items, &e), -1);
    assert_string_equal(e.code, "INVALID_REQUEST");
    assert_non_null(strstr(e.message, "32 MiB"));
    ask.body.n = 12 * 10; /* the first twelve are fine */
    while (body[ask.body.n - 1] != '\n') ask.body.n--;
    assert_int_equal(feed_read(&arena, &ask, &items, &e), 0);
    assert_true(items.n >= 10);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(json_is_read_in_its_three_shapes),
        T(tables_are_read),
        T(feeds_of_merchants_are_read_as_rss_and_atom),
        T(tables_are_read_as_shops_write_them),
        T(a_name_that_stands_twice_is_kept_whole_or_once),
        T(identifiers_are_found_where_feeds_have_them),
        T(encodings_are_those_that_feeds_come_in),
        T(mappings_make_items),
        T(a_compressed_feed_is_read_and_bounded),
        T(what_is_no_feed_is_said),
        T(a_feed_has_a_most),
        T(a_feed_does_not_grow_without_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
