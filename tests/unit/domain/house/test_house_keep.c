/* What is kept of a media buy borrows nothing from what it was loaded with: the source is gone when the copy is read (under
 * AddressSanitizer a pointer that was left is an error). */
#include "room.h"

#include "domain/house/house_load.h"

static struct str text(struct arena *a, const char *s)
{
    return arena_dup(a, str_from(s));
}

static const void *numbers(struct arena *a, const void *from, size_t bytes)
{
    return memcpy(arena_alloc(a, bytes), from, bytes);
}

static struct content *content(struct arena *a)
{
    struct content *c = ARENA_NEW(a, struct content);
    struct content_media *m = ARENA_ARRAY(a, struct content_media, 2);
    struct str *t = ARENA_ARRAY(a, struct str, 1);
    m[0] = (struct content_media){ text(a, "https://cdn.example/a.mp4"), text(a, "video/mp4"), 640, 360, 800 };
    m[1] = (struct content_media){ text(a, "https://cdn.example/b.webm"), text(a, "video/webm"), 1280, 720, 0 };
    t[0] = text(a, "https://track.example/p");
    *c = (struct content){ .kind = CONTENT_MEDIA,
                           .creative_id = text(a, "c1"),
                           .package_id = text(a, "pkg-1"),
                           .media_buy_id = text(a, "mb-1"),
                           .title = text(a, "Spot"),
                           .advertiser = text(a, "Acme"),
                           .paid_by = text(a, "Agency"),
                           .image_url = text(a, "https://i.example"),
                           .alt = text(a, "alt"),
                           .html = text(a, "<b>x</b>"),
                           .vast_url = text(a, "https://v.example"),
                           .vast_xml = text(a, "<VAST/>"),
                           .click_url = text(a, "https://acme.example/"),
                           .media = m,
                           .media_n = 2,
                           .trackers = t,
                           .trackers_n = 1,
                           .duration_ms = 15000 };
    return c;
}

/* A buy of two packages, the second without anything, and a rent of the first. */
static void make(struct arena *a, struct house_buy *out)
{
    static const uint32_t keys[] = { 3, 5 };
    static const uint64_t pairs[] = { 7, 9 };
    struct serving_package *p = ARENA_ARRAY(a, struct serving_package, 2);
    struct serving_creative *c = ARENA_NEW(a, struct serving_creative);
    struct pair_group *g = ARENA_NEW(a, struct pair_group);
    struct house_rent *r = ARENA_NEW(a, struct house_rent);
    *g = (struct pair_group){ numbers(a, pairs, sizeof(pairs)), 2 };
    *c = (struct serving_creative){ .key = 11,
                                    .creative_id = text(a, "c1"),
                                    .medium = MEDIUM_VIDEO,
                                    .weight = 2,
                                    .slots = numbers(a, &keys[1], sizeof(keys[1])),
                                    .slots_n = 1,
                                    .more = content(a) };
    p[0] = (struct serving_package){ .key = 1,
                                     .package_id = text(a, "pkg-1"),
                                     .media_buy_id = text(a, "mb-1"),
                                     .goal = 1000,
                                     .creatives = c,
                                     .creatives_n = 1,
                                     .slots = numbers(a, keys, sizeof(keys)),
                                     .slots_n = 2 };
    targeting_init(&p[0].targeting);
    p[0].targeting.groups = g;
    p[0].targeting.groups_n = 1;
    p[1] = (struct serving_package){ .key = 2, .package_id = text(a, "pkg-2"), .media_buy_id = text(a, "mb-1") };
    *r = (struct house_rent){ &p[0], 5000, 10, 20 };
    *out = (struct house_buy){
        .media_buy_id = text(a, "mb-1"), .packages = p, .packages_n = 2, .rents = r, .rents_n = 1, .over_at = 20
    };
}

static void is(struct str s, const char *want)
{
    if (!str_is(s, want)) fail_msg("'" STR_FMT "', wanted '%s'", STR_ARG(s), want);
}

static void a_copy_stands_alone(void **state)
{
    (void)state;
    struct arena source, kept;
    struct house_buy from, b;
    arena_init(&source);
    arena_init(&kept);
    make(&source, &from);
    house_buy_keep(&kept, &from, &b);
    arena_finish(&source);

    is(b.media_buy_id, "mb-1");
    assert_int_equal(b.packages_n, 2);
    assert_int_equal(b.over_at, 20);
    assert_ptr_equal(b.rents[0].package, &b.packages[0]);
    assert_int_equal(b.rents[0].budget_micros, 5000);
    const struct serving_package *p = &b.packages[0];
    is(p->package_id, "pkg-1");
    is(p->media_buy_id, "mb-1");
    assert_int_equal(p->goal, 1000);
    assert_int_equal(p->slots[1], 5);
    assert_int_equal(p->targeting.groups[0].pairs[1], 9);
    const struct serving_creative *c = &p->creatives[0];
    is(c->creative_id, "c1");
    assert_int_equal(c->slots[0], 5);
    const struct content *k = c->more;
    is(k->creative_id, "c1");
    is(k->package_id, "pkg-1");
    is(k->media_buy_id, "mb-1");
    is(k->title, "Spot");
    is(k->advertiser, "Acme");
    is(k->paid_by, "Agency");
    is(k->image_url, "https://i.example");
    is(k->alt, "alt");
    is(k->html, "<b>x</b>");
    is(k->vast_url, "https://v.example");
    is(k->vast_xml, "<VAST/>");
    is(k->click_url, "https://acme.example/");
    is(k->media[1].url, "https://cdn.example/b.webm");
    is(k->media[0].mime_type, "video/mp4");
    is(k->trackers[0], "https://track.example/p");
    is(b.packages[1].package_id, "pkg-2");
    assert_int_equal(b.packages[1].creatives_n, 0);
    arena_finish(&kept);
}

/* So many bytes are reserved as a copy was measured to take, and it takes no more. */
static void a_copy_has_one_size(void **state)
{
    (void)state;
    struct arena source, kept;
    struct house_buy from, b;
    arena_init(&source);
    make(&source, &from);
    size_t before = source.used_bytes;
    house_buy_keep(&source, &from, &b);
    size_t needs = source.used_bytes - before;
    arena_init(&kept);
    arena_reserve(&kept, needs);
    house_buy_keep(&kept, &from, &b);
    assert_int_equal(kept.used_bytes, needs);
    arena_finish(&kept);
    arena_finish(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_stands_alone),
        cmocka_unit_test(a_copy_has_one_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
