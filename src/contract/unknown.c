/* Members that no published schema names. A value is walked together with all schemas that may speak about it, of every
 * alternative and of every line that is given: what one of them names is known. */
#include "contract/json.h"
#include "contract/validate_internal.h"

#define NODES_MAX 256 /* schemas that speak about one place; more: the place is not looked at */
#define WORK_MAX  1000000 /* steps of one walk */

struct spoken { /* a schema that speaks about the place */
    const struct contract_program *program;
    uint32_t node;
};

struct walk {
    struct arena *arena;
    struct unknown_members *out;
    size_t work;
};

struct speakers {
    struct spoken list[NODES_MAX];
    size_t n;
    bool open; /* too many, or one that accepts any member */
};

static void add(struct walk *w, struct speakers *s, const struct contract_program *p, uint32_t node)
{
    w->work++;
    if (node == NODE_NOTHING) return;
    if (node == NODE_ANYTHING) {
        s->open = true;
        return;
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->list[i].node == node && s->list[i].program == p) return;
    }
    if (s->n == NODES_MAX) s->open = true;
    else s->list[s->n++] = (struct spoken){ p, node };
}

/* The list grows by what its members refer to, until nothing new comes. */
static void close_over(struct walk *w, struct speakers *s)
{
    for (size_t i = 0; i < s->n && w->work < WORK_MAX; i++) {
        const struct contract_program *p = s->list[i].program;
        for (const uint32_t *op = p->code + s->list[i].node; op_of(*op) != OP_END; op += 1 + operands_of(*op)) {
            w->work++;
            switch (op_of(*op)) {
            case OP_DEPENDS_NODE: add(w, s, p, op[2]); break;
            case OP_REF:
            case OP_ALL_OF:
            case OP_ANY_OF:
            case OP_ONE_OF:
                for (uint32_t k = 1; k <= operands_of(*op); k++) add(w, s, p, op[k]);
                break;
            case OP_IF:
                /* An absent branch accepts everything and names nothing. */
                for (uint32_t k = 1; k <= 3; k++) {
                    if (op[k] != NODE_ANYTHING) add(w, s, p, op[k]);
                }
                break;
            default: break; /* says nothing about members at this place */
            }
        }
    }
}

/* The schemas of a member, from those of its object. False when none names it. */
static bool of_member(struct walk *w, const struct speakers *at, struct str key, struct speakers *out)
{
    bool known = false;
    for (size_t i = 0; i < at->n; i++) {
        const struct contract_program *p = at->list[i].program;
        for (const uint32_t *op = p->code + at->list[i].node; op_of(*op) != OP_END; op += 1 + operands_of(*op)) {
            if (op_of(*op) != OP_MEMBERS) continue;
            const uint32_t *pairs = op + 4, *patterns = pairs + 2 * op[1];
            for (uint32_t k = 0; k < op[1]; k++, w->work++) {
                if (!str_eq(program_str(p, pairs[2 * k]), key)) continue;
                known = true;
                add(w, out, p, pairs[2 * k + 1]);
            }
            for (uint32_t k = 0; k < op[2]; k++) {
                if (!pattern_matches(p, patterns[2 * k], key)) continue;
                known = true;
                add(w, out, p, patterns[2 * k + 1]);
            }
            if (op[3] == NODE_ANYTHING || op[3] == NODE_NOTHING) continue;
            known = true;
            add(w, out, p, op[3]);
        }
    }
    return known;
}

static bool names_members(const struct speakers *at)
{
    for (size_t i = 0; i < at->n; i++) {
        for (const uint32_t *op = at->list[i].program->code + at->list[i].node; op_of(*op) != OP_END;
             op += 1 + operands_of(*op)) {
            if (op_of(*op) == OP_MEMBERS && op[1] > 0) return true;
        }
    }
    return false;
}

static void of_items(struct walk *w, const struct speakers *at, struct speakers *out)
{
    for (size_t i = 0; i < at->n; i++) {
        const struct contract_program *p = at->list[i].program;
        for (const uint32_t *op = p->code + at->list[i].node; op_of(*op) != OP_END; op += 1 + operands_of(*op)) {
            if (op_of(*op) == OP_ITEMS) add(w, out, p, op[1]);
            for (uint32_t k = 1; op_of(*op) == OP_TUPLE && k <= operands_of(*op); k++) add(w, out, p, op[k]);
        }
    }
}

static void note(struct walk *w, const struct place *at)
{
    struct unknown_members *o = w->out;
    o->total++;
    if (o->n < UNKNOWN_MEMBERS_MAX) o->pointers[o->n++] = pointer_text(w->arena, at);
}

/* As deep as the value, which the parser has bounded. */
static void visit(struct walk *w, struct speakers *here, yyjson_val *v, const struct place *at)
{
    struct speakers below; /* of one member or item after the other */
    yyjson_val *key, *member;
    size_t i, n;
    close_over(w, here);
    if (here->open || w->work >= WORK_MAX) return;
    if (yyjson_is_arr(v)) {
        yyjson_arr_foreach(v, i, n, member) {
            struct place there = { .up = at, .index = i };
            if (!yyjson_is_ctn(member)) continue;
            below.n = 0;
            below.open = false;
            of_items(w, here, &below);
            if (below.n && !below.open) visit(w, &below, member, &there);
        }
        return;
    }
    if (!yyjson_is_obj(v) || !names_members(here)) return;
    yyjson_obj_foreach(v, i, n, key, member) {
        struct place there = { .up = at, .key = json_val_str(key) };
        below.n = 0;
        below.open = false;
        if (!of_member(w, here, there.key, &below)) note(w, &there);
        else if (yyjson_is_ctn(member) && below.n && !below.open) visit(w, &below, member, &there);
    }
}

void contract_unknown_members(const struct contract *const *contracts, size_t n, yyjson_val *value, struct arena *arena,
                              struct unknown_members *out)
{
    struct walk w = { .arena = arena, .out = out };
    struct speakers root;
    root.n = 0;
    root.open = false;
    *out = (struct unknown_members){ .n = 0 };
    for (size_t i = 0; i < n; i++) {
        if (contracts[i]) add(&w, &root, contracts[i]->program, contracts[i]->node);
    }
    if (root.n) visit(&w, &root, value, NULL);
    if (w.work >= WORK_MAX) *out = (struct unknown_members){ .n = 0 };
}
