/* The first page of a brief in the order of the optional assistant (domain/product/rerank.h): the same products, whatever it says.
 * Only that page, and only within itself, so that a cursor finds the next one as it was. */
#include "domain/product/rerank.h"
#include "tools/product/products.h"

void products_rerank(struct discovery *d)
{
    struct tool_call *c = d->c;
    size_t position[RERANK_CANDIDATES_MAX];
    if (d->mode != MODE_BRIEF || !d->brief.n || d->page.offset != 0) return;
    size_t n =
        d->found_n < RERANK_CANDIDATES_MAX ? d->found_n : RERANK_CANDIDATES_MAX; /* the best; the others stay behind */
    struct rerank_candidate *items = ARENA_ARRAY(c->arena, struct rerank_candidate, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct product *p = &d->found[i].p;
        items[i] = (struct rerank_candidate){ .product_id = p->product_id,
                                              .name = p->name,
                                              .description = p->description,
                                              .channels = p->channels,
                                              .channels_n = p->channels_n,
                                              .guaranteed = p->guaranteed };
    }
    struct rerank_request q = { .settings = &d->ts, .brief = d->brief, .items = items, .n = n };
    if (!rerank(c->act, &q, position)) return;
    struct found_product *sorted = ARENA_ARRAY(c->arena, struct found_product, d->found_n + 1);
    for (size_t i = 0; i < d->found_n; i++) sorted[i] = d->found[i < n ? position[i] : i];
    d->found = sorted;
    d->reranked = true;
}
