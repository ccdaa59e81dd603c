#include "paper.h"

#include "store/q/q_media_buy.h"
#include "store/q/q_tenant.h"

struct str paper_text(struct fixture *f)
{
    FILE *file = fopen(HOUSE_DIR "/publisher.json", "rb");
    char *text = arena_alloc_raw(&f->arena, 65536);
    assert_non_null(file);
    size_t n = fread(text, 1, 65535, file);
    text[n] = '\0';
    (void)fclose(file);
    return (struct str){ text, n };
}

struct str paper_with(struct fixture *f, const char *from, const char *to)
{
    struct str text = paper_text(f);
    const char *at = strstr(text.p, from);
    assert_non_null(at);
    return arena_printf(&f->arena, "%.*s%s%s", (int)(at - text.p), text.p, to, at + strlen(from));
}

struct fixture *paper_open(void)
{
    struct fixture *f = fixture_open();
    struct tenant_row row;
    struct err e;
    assert_true(fixture_import(f, paper_text(f)) > 0);
    assert_int_equal(q_tenant_get(store_read(f->store), &f->arena, STR("paper"), &row, &e), 1);
    f->tenant = (struct tenant){ row.tenant_id, row.name, row.host, row.adapter, row.doc };
    fixture_become(f, "buyer");
    return f;
}

struct str paper_book(struct fixture *f, const char *product, const char *price, int budget, int days)
{
    static int serial;
    char from[RFC3339_MAX], to[RFC3339_MAX];
    (void)rfc3339_print(f->now, RFC3339_SECONDS, from);
    (void)rfc3339_print(f->now + days * USEC_PER_DAY, RFC3339_SECONDS, to);
    struct str args = arena_printf(
        &f->arena,
        "{\"adcp_version\":\"3.1\",\"idempotency_key\":\"paper-book-%08d\",\"account\":{\"brand\":{\"domain\":"
        "\"acme.example\"},\"operator\":\"acme.example\"},\"brand\":{\"domain\":\"acme.example\"},\"start_time\":\"%s\","
        "\"end_time\":\"%s\",\"packages\":[{\"product_id\":\"%s\",\"pricing_option_id\":\"%s\",\"budget\":%d}]}",
        ++serial, from, to, product, price, budget);
    struct fixture_reply r = fixture_ok(f, "create_media_buy", args.p);
    return json_str(yyjson_arr_get_first(json_arr(r.reply, "packages")), "package_id");
}

struct str paper_buy_of(struct fixture *f, struct str package_id)
{
    struct package_row row;
    struct err e;
    assert_int_equal(q_package_get(store_read(f->store), &f->arena, package_id, &row, &e), 1);
    return row.media_buy_id;
}

static struct act reading(struct fixture *f)
{
    return (struct act){
        .tx = store_read(f->store), .arena = &f->arena, .rng = &f->rng, .now = f->now, .tenant = &f->tenant
    };
}

void paper_publisher(struct fixture *f, struct house_publisher *out)
{
    struct act act = reading(f);
    struct err e;
    assert_int_equal(house_publisher_load(&act, out, &e), 1);
}

void paper_load(struct fixture *f, struct str media_buy_id, struct house_buy *out)
{
    struct house_publisher p;
    struct act act = reading(f);
    struct err e;
    paper_publisher(f, &p);
    assert_int_equal(house_buy_load(&act, media_buy_id, p.publisher.key, out, &e), 1);
}
