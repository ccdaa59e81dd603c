/* Which members a write of an older shape reads: what nothing reads is refused by name, because a change that is taken
 * and not made looks like one that was made. */
#include "dialects/shape.h"

#include "base/nearest.h"

/* Members of every call that others than the shape read: the door, the gates. */
static const char *const of_every_call[] = {
    "/push_notification_config/**",
    "/idempotency_key",
    "/context/**",
    "/ext/**",
    "/adcp_version",
    "/adcp_major_version",
    NULL,
};

static struct str segment(const char **at)
{
    const char *start = *at + 1, *end = start + strcspn(start, "/");
    *at = end;
    return (struct str){ start, (size_t)(end - start) };
}

/* Whether the pointer is one of the list's or stands above or below one of them. */
static bool is_read(const char *const *reads, const char *pointer)
{
    for (; *reads; reads++) {
        const char *want = *reads, *have = pointer;
        bool same = true;
        while (same && *have && *want) {
            struct str w = segment(&want);
            if (str_is(w, "**")) return true;
            struct str h = segment(&have);
            same = str_is(w, "*") || str_eq(w, h);
        }
        if (same && *have == '\0') return true; /* the member itself, or one above */
        if (same && str_is(str_from(want), "/**")) return true;
    }
    return false;
}

#define BESIDE_MAX 64

/* The member that may stand at the same place and is most like the unknown one; NULL when none is. */
static const char *most_alike(struct arena *a, const char *const *reads, const char *pointer)
{
    const char *own = strrchr(pointer, '/'), *beside[BESIDE_MAX];
    size_t n = 0;
    for (; *reads && n < BESIDE_MAX; reads++) {
        const char *want = *reads, *have = pointer;
        bool same = true;
        while (same && *want && have < own) {
            struct str w = segment(&want), h = segment(&have);
            same = str_is(w, "*") || str_eq(w, h);
        }
        if (!same || have != own || *want == '\0') continue;
        struct str name = segment(&want);
        if (name.p[0] != '*') beside[n++] = arena_cstr(a, name);
    }
    return nearest_word(str_from(own + 1), beside, n);
}

static int refuse(struct arena *a, const char *const *reads, const char *pointer, struct err *e)
{
    const char *name = strrchr(pointer, '/') + 1;
    const char *like = most_alike(a, reads, pointer);
    (void)err_set(e, "INVALID_REQUEST", "%s is no member that this call acts on", name);
    if (like) (void)err_suggest(e, "Did you mean %s? Otherwise leave %s out.", like, name);
    else (void)err_suggest(e, "Leave %s out.", name);
    return err_field(e, "%s", pointer);
}

/* As deep as the lists' pointers: what is below "**" is not looked at. */
static int judge(struct arena *a, const char *const *reads, yyjson_val *v, const char *at, struct err *e)
{
    yyjson_val *key, *member;
    size_t i, n;
    if (yyjson_is_arr(v)) {
        yyjson_arr_foreach(v, i, n, member) {
            if (yyjson_is_ctn(member) && judge(a, reads, member, arena_printf(a, "%s/%zu", at, i).p, e)) return -1;
        }
        return 0;
    }
    yyjson_obj_foreach(v, i, n, key, member) {
        const char *pointer = arena_printf(a, "%s/" STR_FMT, at, STR_ARG(json_val_str(key))).p;
        if (*at == '\0' && is_read(of_every_call, pointer)) continue;
        if (!is_read(reads, pointer)) return refuse(a, reads, pointer, e);
        if (yyjson_is_ctn(member) && judge(a, reads, member, pointer, e)) return -1;
    }
    return 0;
}

int shape_check_reads(struct arena *a, const char *const *reads, yyjson_val *in, struct err *e)
{
    return reads ? judge(a, reads, in, "", e) : 0;
}

/* False when an `ext` or `context` in `v` is no object; *pointer is where, put together on the way back. */
static bool open_members(struct arena *a, yyjson_val *v, struct str *pointer)
{
    yyjson_val *key, *member;
    size_t i, n;
    if (yyjson_is_arr(v)) {
        yyjson_arr_foreach(v, i, n, member) {
            if (!yyjson_is_ctn(member) || open_members(a, member, pointer)) continue;
            *pointer = arena_printf(a, "/%zu" STR_FMT, i, STR_ARG(*pointer));
            return false;
        }
    }
    if (!yyjson_is_obj(v)) return true;
    yyjson_obj_foreach(v, i, n, key, member) {
        struct str name = json_val_str(key);
        bool open = str_is(name, "ext") || str_is(name, "context");
        if (open ? yyjson_is_obj(member) || yyjson_is_null(member)
                 : !yyjson_is_ctn(member) || open_members(a, member, pointer))
            continue;
        *pointer = arena_printf(a, "/" STR_FMT STR_FMT, STR_ARG(name), STR_ARG(*pointer));
        return false;
    }
    return true;
}

int shape_check_open(struct arena *a, yyjson_val *args, struct err *e)
{
    struct str pointer = STR_NONE;
    if (open_members(a, args, &pointer)) return 0;
    (void)err_set(e, "INVALID_REQUEST", STR_FMT " must be an object", STR_ARG(pointer));
    return err_field(e, STR_FMT, STR_ARG(pointer));
}
