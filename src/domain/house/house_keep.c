/* A copy of a loaded media buy by itself: what it was read from (products, formats, manifests, fifty times as much) can go. */
#include "domain/house/house_load.h"

static struct str keep_str(struct arena *to, struct str s)
{
    return s.n ? arena_dup(to, s) : STR("");
}

static const void *keep_array(struct arena *to, const void *from, size_t n, size_t item_bytes)
{
    if (n == 0) return NULL;
    void *copy = arena_array(to, item_bytes, n);
    memcpy(copy, from, n * item_bytes);
    return copy;
}

static const struct content *keep_content(struct arena *to, const struct content *from)
{
    struct content *c = ARENA_NEW(to, struct content);
    *c = *from;
    struct str *texts[] = { &c->creative_id, &c->package_id, &c->media_buy_id, &c->title,
                            &c->advertiser,  &c->paid_by,    &c->image_url,    &c->alt,
                            &c->html,        &c->vast_url,   &c->vast_xml,     &c->click_url };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) *texts[i] = keep_str(to, *texts[i]);
    struct content_media *media = ARENA_ARRAY(to, struct content_media, from->media_n);
    for (size_t i = 0; i < from->media_n; i++) {
        media[i] = from->media[i];
        media[i].url = keep_str(to, from->media[i].url);
        media[i].mime_type = keep_str(to, from->media[i].mime_type);
    }
    struct str *trackers = ARENA_ARRAY(to, struct str, from->trackers_n);
    for (size_t i = 0; i < from->trackers_n; i++) trackers[i] = keep_str(to, from->trackers[i]);
    c->media = media;
    c->trackers = trackers;
    return c;
}

static const struct serving_creative *keep_creatives(struct arena *to, const struct serving_creative *from, size_t n)
{
    struct serving_creative *list = ARENA_ARRAY(to, struct serving_creative, n);
    for (size_t i = 0; i < n; i++) {
        list[i] = from[i];
        list[i].creative_id = keep_str(to, from[i].creative_id);
        list[i].slots = keep_array(to, from[i].slots, from[i].slots_n, sizeof(*from[i].slots));
        list[i].more = keep_content(to, from[i].more);
    }
    return list;
}

static void keep_groups(struct arena *to, struct targeting *t)
{
    struct pair_group *groups = ARENA_ARRAY(to, struct pair_group, t->groups_n);
    for (size_t i = 0; i < t->groups_n; i++) {
        groups[i] = t->groups[i];
        groups[i].pairs = keep_array(to, t->groups[i].pairs, t->groups[i].n, sizeof(*groups[i].pairs));
    }
    t->groups = groups;
}

void house_buy_keep(struct arena *to, const struct house_buy *from, struct house_buy *out)
{
    struct serving_package *packages = ARENA_ARRAY(to, struct serving_package, from->packages_n);
    struct house_rent *rents = ARENA_ARRAY(to, struct house_rent, from->rents_n);
    struct house_buy copy = *from;
    copy.media_buy_id = keep_str(to, from->media_buy_id);
    for (size_t i = 0; i < from->packages_n; i++) {
        struct serving_package *p = &packages[i];
        *p = from->packages[i];
        p->package_id = keep_str(to, p->package_id);
        p->media_buy_id = copy.media_buy_id;
        p->slots = keep_array(to, p->slots, p->slots_n, sizeof(*p->slots));
        p->creatives = keep_creatives(to, p->creatives, p->creatives_n);
        keep_groups(to, &p->targeting);
    }
    for (size_t i = 0; i < from->rents_n; i++) {
        rents[i] = from->rents[i];
        rents[i].package = &packages[from->rents[i].package - from->packages];
    }
    copy.packages = packages;
    copy.rents = rents;
    *out = copy;
}
