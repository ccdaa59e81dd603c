/* Catalog feeds from anywhere: never a crash, and every item read is an object with an id of its own. The first byte
 * chooses the format. */
#include "contract/document.h"
#include "domain/feed/feed.h"
#include "driver.h"

static const char mappings[] =
    "[{\"feed_field\":\"id\",\"catalog_field\":\"item_id\"},{\"feed_field\":\"code\",\"catalog_field\":"
    "\"a.b.c\",\"transform\":\"divide\",\"by\":3},{\"feed_field\":\"title\",\"catalog_field\":\"t\",\"transform\":"
    "\"split\"},{\"feed_field\":\"title\",\"catalog_field\":\"d\",\"transform\":\"date\",\"format\":\"YYYY-MM-DD\"},"
    "{\"feed_field\":\"link\",\"asset_group_id\":\"logo\"}]";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = { "google_merchant_center", "", "custom", "facebook_catalog" };
    struct arena a;
    struct err e;
    struct feed_items items;
    if (size < 1) return 0;
    arena_init(&a);
    struct feed_ask ask = { .format = str_from(formats[data[0] % 4]), .body = { (const char *)data + 1, size - 1 } };
    if (str_is(ask.format, "custom")) ask.mappings = document_read(&a, STR(mappings));
    if (feed_read(&a, &ask, &items, &e)) {
        ENSURE(e.message[0] != '\0' && e.code[0] != '\0');
    } else {
        for (size_t i = 0; i < items.n; i++) {
            yyjson_val *item = document_read(&a, items.items[i].doc);
            ENSURE(yyjson_is_obj(item) && str_eq(feed_item_id(item), items.items[i].id));
            ENSURE(i == 0 || !str_eq(items.items[i].id, items.items[i - 1].id));
        }
    }
    arena_finish(&a);
    return 0;
}
