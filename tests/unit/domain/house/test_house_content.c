/* What the built-in ad server shows of a creative: a picture as one, what has a script in a frame, films by what they are; and
 * nothing of what it cannot show. */
#include "room.h"

#include "domain/house/house_content.h"
#include "domain/house/house_record.h"

static struct arena arena;

static bool make(const char *assets, struct house_content *out)
{
    struct house_content_source s = { .creative_id = STR("cr-1"),
                                      .name = STR("Spring"),
                                      .media_buy_id = STR("mb-1"),
                                      .package_id = STR("pkg-1"),
                                      .width = 300,
                                      .height = 250,
                                      .doc = arena_printf(&arena, "{\"assets\":%s}", assets) };
    return house_content_make(&arena, &s, out);
}

static void a_picture_is_shown_as_one(void **state)
{
    struct house_content c;
    (void)state;
    assert_true(
        make("{\"image\":{\"asset_type\":\"image\",\"url\":\"https://cdn.example/a.png\",\"width\":300,\"height\":250,"
             "\"alt_text\":\"A car\"},\"click_url\":{\"asset_type\":\"url\",\"url\":\"https://shop.example/\"}}",
             &c));
    assert_int_equal(c.content.kind, CONTENT_IMAGE);
    assert_int_equal(c.medium, MEDIUM_DISPLAY);
    assert_true(c.picture && str_is(c.content.image_url, "https://cdn.example/a.png") &&
                str_is(c.content.alt, "A car"));
    assert_true(c.size.width == 300 && c.size.height == 250);
    assert_true(str_is(c.content.creative_id, "cr-1") && str_is(c.content.package_id, "pkg-1"));
}

static void a_document_is_shown_in_a_frame(void **state)
{
    struct house_content c;
    (void)state;
    assert_true(make("{\"banner\":{\"asset_type\":\"html\",\"content\":\"<b>Hello</b>\"}}", &c));
    assert_int_equal(c.content.kind, CONTENT_HTML);
    assert_false(c.picture);
    assert_non_null(memmem(c.content.html.p, c.content.html.n, "<b>Hello</b>", 12));
}

static void a_film_is_what_it_says_or_what_its_name_says(void **state)
{
    static const char *const films[][2] = {
        { "{\"film\":{\"asset_type\":\"video\",\"url\":\"https://cdn.example/a.webm?x=.mp4\"}}", "video/webm" },
        { "{\"film\":{\"asset_type\":\"video\",\"url\":\"https://cdn.example/a\"}}", "video/mp4" },
        { "{\"film\":{\"asset_type\":\"video\",\"url\":\"https://cdn.example/a.mp4\",\"mime_type\":\"video/quicktime\"}}",
          "video/quicktime" },
    };
    struct house_content c;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(films); i++) {
        assert_true(make(films[i][0], &c));
        assert_int_equal(c.content.kind, CONTENT_MEDIA);
        assert_int_equal(c.medium, MEDIUM_VIDEO);
        assert_true(str_is(c.content.media[0].mime_type, films[i][1]));
        assert_true(c.size.width == 0 && c.size.height == 0); /* of its place */
    }
}

static void a_broken_vast_document_is_not_shown(void **state)
{
    struct house_content c;
    (void)state;
    assert_false(make("{\"tag\":{\"asset_type\":\"vast\",\"content\":\"<VAST version='4.0'><Ad>\"}}", &c));
}

static void a_week_is_stored_whole(void **state)
{
    int64_t week[WEEK_HOURS], back[WEEK_HOURS];
    (void)state;
    for (int i = 0; i < WEEK_HOURS; i++) week[i] = INT64_C(1000003) * i - 7;
    struct str bytes = house_week_bytes(&arena, week);
    assert_true(house_week_read(bytes, back));
    assert_memory_equal(week, back, sizeof(week));
    bytes.n--;
    assert_false(house_week_read(bytes, back)); /* none of ours */
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_picture_is_shown_as_one),
                                        cmocka_unit_test(a_document_is_shown_in_a_frame),
                                        cmocka_unit_test(a_film_is_what_it_says_or_what_its_name_says),
                                        cmocka_unit_test(a_broken_vast_document_is_not_shown),
                                        cmocka_unit_test(a_week_is_stored_whole) };
    arena_init(&arena);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_finish(&arena);
    return failed;
}
