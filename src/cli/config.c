#include "cli/config.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/env_file.h"
#include "base/file.h"
#include "base/nearest.h"
#include "cli/cli.h"

#define FILE_BYTES_MAX   ((size_t)1 << 20)
#define SECRET_BYTES_MAX ((size_t)4096)
#define NAME_MAX_BYTES   48
#define PREFIX           "SALESAGENT_"

/* --- issues ----------------------------------------------------------------------------------------------
 */

static void add_issue(struct config *c, enum config_place place, struct str text)
{
    if (c->issues_n == CONFIG_ISSUES_MAX) return; /* the first ones are enough to go on with */
    c->issues[c->issues_n++] = (struct config_issue){ place, text.p };
}

void config_complain(struct config *c, enum config_id id, size_t at, const char *fmt, ...)
{
    char what[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap); /* for people; may be cut */
    va_end(ap);
    const struct config_entry *entry = &c->entries[id];
    const char *source = at < entry->n ? entry->values[at].source : "default";
    add_issue(c, entry->place, arena_printf(c->arena, "%s (from %s): %s", config_keys[id].name, source, what));
}

/* --- names -----------------------------------------------------------------------------------------------
 */

/* Where a value stands, and what its name looks like there. */
struct place {
    enum config_place place;
    const char *source; /* "FILE:3", "SALESAGENT_X", "--x" */
    struct str name;    /* as it stands there, without prefix */
};

static bool same_name(struct str given, const char *name)
{
    if (given.n != strlen(name)) return false;
    for (size_t i = 0; i < given.n; i++) {
        char a = given.p[i] == '-' ? '_' : (char)tolower((unsigned char)given.p[i]);
        if (a != name[i]) return false;
    }
    return true;
}

static int find_key(struct str name)
{
    for (int i = 0; i < CONFIG_N; i++) {
        if (same_name(name, config_keys[i].name)) return i;
    }
    return -1;
}

/* NAME_FILE of a secret. */
static int find_secret_file(struct str name)
{
    if (name.n < 5 || !same_name((struct str){ name.p + name.n - 5, 5 }, "_file")) return -1;
    int id = find_key((struct str){ name.p, name.n - 5 });
    return id >= 0 && (config_keys[id].flags & CONFIG_IS_SECRET) ? id : -1;
}

/* As it would be written in that place. */
static const char *spell(struct arena *a, enum config_place place, const char *name)
{
    char text[NAME_MAX_BYTES];
    size_t n = 0;
    for (; name[n] && n + 1 < sizeof(text); n++) {
        bool upper = place == CONFIG_IN_ENVIRONMENT, dashes = place == CONFIG_IN_OPTIONS;
        text[n] = upper ? (char)toupper((unsigned char)name[n]) : dashes && name[n] == '_' ? '-' : name[n];
    }
    text[n] = '\0';
    const char *before = place == CONFIG_IN_ENVIRONMENT ? PREFIX : place == CONFIG_IN_OPTIONS ? "--" : "";
    return arena_printf(a, "%s%s", before, text).p;
}

static void unknown(struct config *c, const struct place *p)
{
    const char *names[CONFIG_N];
    for (int i = 0; i < CONFIG_N; i++) names[i] = config_keys[i].name;
    const char *near = nearest_word(p->name, names, CONFIG_N);
    const char *kind = p->place == CONFIG_IN_OPTIONS ? "option" : "setting";
    struct str name = arena_dup(c->arena, p->name);
    struct str text = p->place == CONFIG_IN_FILE
                          ? arena_printf(c->arena, "%s: there is no %s '" STR_FMT "'", p->source, kind, STR_ARG(name))
                          : arena_printf(c->arena, "there is no %s %s", kind, p->source);
    if (near)
        text = arena_printf(c->arena, STR_FMT "; did you mean %s?", STR_ARG(text), spell(c->arena, p->place, near));
    add_issue(c, p->place, text);
}

/* --- values ----------------------------------------------------------------------------------------------
 */

static int parse_switch(const char *text, int64_t *out)
{
    static const char *const on[] = { "yes", "true", "on", "1" }, *const off[] = { "no", "false", "off", "0" };
    for (size_t i = 0; i < ARRAY_LEN(on); i++) {
        if (strcmp(text, on[i]) == 0 || strcmp(text, off[i]) == 0) {
            *out = strcmp(text, on[i]) == 0;
            return 0;
        }
    }
    return -1;
}

/* Of "15m": 60. -1: no such unit. */
static int64_t unit_of(enum config_kind kind, const char *unit)
{
    static const struct {
        enum config_kind kind;
        const char *unit;
        int64_t factor;
    } units[] = {
        { CONFIG_BYTES, "K", 1 << 10 }, { CONFIG_BYTES, "M", 1 << 20 }, { CONFIG_BYTES, "G", 1 << 30 },
        { CONFIG_SECONDS, "s", 1 },     { CONFIG_SECONDS, "m", 60 },    { CONFIG_SECONDS, "h", 3600 },
        { CONFIG_SECONDS, "d", 86400 },
    };
    if (!*unit) return 1;
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (units[i].kind == kind && strcmp(units[i].unit, unit) == 0) return units[i].factor;
    }
    return -1;
}

static int parse_number(enum config_kind kind, const char *text, int64_t *out)
{
    int64_t v = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *p - '0', &v)) return -1;
    }
    int64_t unit = unit_of(kind, p);
    if (p == text || unit < 0 || __builtin_mul_overflow(v, unit, &v)) return -1;
    *out = v;
    return 0;
}

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = words; *p;) {
        size_t len = strcspn(p, " ");
        if (len == n && memcmp(p, word, n) == 0) return true;
        p += len + (p[len] == ' ');
    }
    return false;
}

/* 0, or -1 with what would have been right in *wanted. */
static int parse_value(struct arena *a, const struct config_key *key, struct config_value *v, const char **wanted)
{
    switch (key->kind) {
    case CONFIG_TEXT:
    case CONFIG_PATH: return 0;
    case CONFIG_SWITCH: *wanted = "yes or no"; return parse_switch(v->text, &v->number);
    case CONFIG_WORD:
        *wanted = arena_printf(a, "one of: %s", key->words).p;
        return has_word(key->words, v->text) ? 0 : -1;
    case CONFIG_NUMBER:
    case CONFIG_BYTES:
    case CONFIG_SECONDS:
        *wanted = arena_printf(a, "a number%s from %lld to %lld",
                               key->kind == CONFIG_BYTES     ? " of bytes (K, M, G may follow)"
                               : key->kind == CONFIG_SECONDS ? " of seconds (m, h, d may follow)"
                                                             : "",
                               (long long)key->min, (long long)key->max)
                      .p;
        if (parse_number(key->kind, v->text, &v->number)) return -1;
        return v->number >= key->min && v->number <= key->max ? 0 : -1;
    }
    return -1;
}

static void append(struct config *c, int id, const struct place *p, const char *text)
{
    struct config_entry *entry = &c->entries[id];
    struct config_value v = { .text = text, .source = p->source };
    const char *wanted = NULL;
    if (parse_value(c->arena, &config_keys[id], &v, &wanted)) {
        add_issue(c, p->place,
                  arena_printf(c->arena, "%s: %s is %s, not '%s'", p->source, config_keys[id].name, wanted, text));
    } else if (entry->n == CONFIG_LIST_MAX) {
        add_issue(c, p->place,
                  arena_printf(c->arena, "%s: more than %d of %s", p->source, CONFIG_LIST_MAX, config_keys[id].name));
    } else {
        if (!entry->values) entry->values = ARENA_ARRAY(c->arena, struct config_value, CONFIG_LIST_MAX);
        entry->values[entry->n++] = v;
    }
}

/* Each piece between commas, without blanks around it. */
static void append_list(struct config *c, int id, const struct place *p, struct str text)
{
    while (text.n) {
        const char *comma = memchr(text.p, ',', text.n);
        struct str piece = { text.p, comma ? (size_t)(comma - text.p) : text.n };
        text = str_skip(text, piece.n + 1);
        while (piece.n && isspace((unsigned char)piece.p[0])) piece = str_skip(piece, 1);
        while (piece.n && isspace((unsigned char)piece.p[piece.n - 1])) piece.n--;
        if (piece.n) append(c, id, p, arena_dup(c->arena, piece).p);
    }
}

/* A higher place takes over; within one, a list grows and anything else is replaced. Nothing at all unsets.
 */
static void set(struct config *c, int id, const struct place *p, struct str text)
{
    struct config_entry *entry = &c->entries[id];
    bool list = config_keys[id].flags & CONFIG_IS_LIST;
    if (!list || entry->place != p->place || !text.n) entry->n = 0;
    entry->place = p->place;
    if (!text.n) return;
    if (list) append_list(c, id, p, text);
    else append(c, id, p, arena_dup(c->arena, text).p);
}

/* --- files -----------------------------------------------------------------------------------------------
 */

/* 0, or the errno; EFBIG beyond `max`. */
static int read_whole(struct arena *a, const char *path, size_t max, struct str *out)
{
    struct buf text;
    buf_init(&text, max);
    int why = file_read(path, &text);
    *out = arena_dup(a, buf_str(&text));
    buf_finish(&text);
    return why;
}

static void set_from_file(struct config *c, int id, const struct place *p, const char *path)
{
    struct str text;
    int why = read_whole(c->arena, path, SECRET_BYTES_MAX, &text);
    if (why) {
        add_issue(c, p->place, arena_printf(c->arena, "%s: %s cannot be read: %s", p->source, path, strerror(why)));
        return;
    }
    while (text.n && isspace((unsigned char)text.p[text.n - 1])) text.n--;
    struct place from = *p;
    from.source = arena_printf(c->arena, "%s %s", p->source, path).p;
    set(c, id, &from, text);
}

static void take(struct config *c, const struct place *p, struct str value)
{
    int id = find_key(p->name), in_file = id < 0 ? find_secret_file(p->name) : -1;
    if (in_file >= 0 && !value.n) {
        set(c, in_file, p, value);
    } else if (in_file >= 0) {
        set_from_file(c, in_file, p, arena_cstr(c->arena, value));
    } else if (id < 0) {
        unknown(c, p);
    } else {
        set(c, id, p, value);
    }
}

static void take_text(struct config *c, const char *path, struct str text)
{
    struct env_reader r = env_reader_start(c->arena, text);
    struct env_line line;
    struct err e;
    int rc;
    while ((rc = env_reader_next(&r, &line, &e)) != 0) {
        struct place p = { CONFIG_IN_FILE, arena_printf(c->arena, "%s:%d", path, line.line).p, line.key };
        if (rc < 0) {
            add_issue(c, CONFIG_IN_FILE, arena_printf(c->arena, "%s: %s", p.source, e.message));
            continue;
        }
        if (str_starts(p.name, STR(PREFIX)))
            p.name = str_skip(p.name, sizeof(PREFIX) - 1); /* also an EnvironmentFile= */
        take(c, &p, line.value);
    }
}

static void take_config_file(struct config *c, const char *path, bool may_be_absent)
{
    struct str text;
    int why = read_whole(c->arena, path, FILE_BYTES_MAX, &text);
    if (why == ENOENT && may_be_absent) return;
    if (why) {
        add_issue(c, CONFIG_IN_FILE, arena_printf(c->arena, "%s cannot be read: %s", path, strerror(why)));
        return;
    }
    c->file = path;
    take_text(c, path, text);
}

/* --- environment, credentials, options ---------------------------------------------------------------------
 */

static const char *environment(const struct config_input *in, const char *name)
{
    size_t n = strlen(name);
    for (char *const *p = in->environment; p && *p; p++) {
        if (strncmp(*p, name, n) == 0 && (*p)[n] == '=') return *p + n + 1;
    }
    return NULL;
}

static void take_environment(struct config *c, const struct config_input *in)
{
    for (char *const *v = in->environment; v && *v; v++) {
        const char *equals = strchr(*v, '=');
        if (!equals || !equals[1] || strncmp(*v, PREFIX, sizeof(PREFIX) - 1) != 0) continue;
        struct str whole = { *v, (size_t)(equals - *v) };
        if (str_is(whole, PREFIX "CONFIG")) continue;
        struct place p = { CONFIG_IN_ENVIRONMENT, arena_dup(c->arena, whole).p, str_skip(whole, sizeof(PREFIX) - 1) };
        take(c, &p, str_from(equals + 1));
    }
}

static void take_credentials(struct config *c, const struct config_input *in)
{
    const char *dir = environment(in, "CREDENTIALS_DIRECTORY");
    for (int id = 0; dir && id < CONFIG_N; id++) {
        const struct config_key *key = &config_keys[id];
        const char *path = arena_printf(c->arena, "%s/%s", dir, key->name).p;
        struct place p = { CONFIG_IN_ENVIRONMENT, arena_printf(c->arena, "credential %s", key->name).p, STR_NONE };
        if (!(key->flags & (CONFIG_IS_SECRET | CONFIG_CREDENTIAL)) || access(path, F_OK)) continue;
        if (key->flags & CONFIG_IS_SECRET) set_from_file(c, id, &p, path);
        else set(c, id, &p, str_from(path));
    }
}

/* One option; returns how many arguments it took. */
static int take_option(struct config *c, const struct config_input *in, int i)
{
    const char *arg = in->argv[i];
    if (strncmp(arg, "--", 2) != 0 || !arg[2]) {
        add_issue(c, CONFIG_IN_OPTIONS, arena_printf(c->arena, "unexpected argument '%s'", arg));
        return 1;
    }
    struct str name = { arg + 2, strcspn(arg + 2, "=") };
    const char *value = name.p[name.n] == '=' ? name.p + name.n + 1 : NULL;
    struct place p = { CONFIG_IN_OPTIONS, arena_dup(c->arena, (struct str){ arg, name.n + 2 }).p, name };
    int id = find_key(name);
    if (id >= 0 && config_keys[id].flags & CONFIG_IS_SECRET) {
        add_issue(c, p.place,
                  arena_printf(c->arena, "%s: an option's value can be seen by others; name a file with %s-file",
                               p.source, p.source));
        return value || i + 1 >= in->argc ? 1 : 2;
    }
    bool known = id >= 0 || find_secret_file(name) >= 0 || same_name(name, "config");
    bool alone = id >= 0 && config_keys[id].kind == CONFIG_SWITCH;
    int taken = 1;
    if (known && !value && !alone) {
        if (i + 1 >= in->argc) {
            add_issue(c, p.place, arena_printf(c->arena, "%s wants a value", p.source));
            return 1;
        }
        value = in->argv[i + 1];
        taken = 2;
    }
    if (!same_name(name, "config")) take(c, &p, str_from(alone && !value ? "yes" : value ? value : ""));
    return taken;
}

/* --config comes first: it says which file is read below the options. */
static const char *option_config(const struct config_input *in)
{
    const char *path = NULL;
    for (int i = 1; i < in->argc; i++) {
        if (strncmp(in->argv[i], "--config=", 9) == 0) path = in->argv[i] + 9;
        if (strcmp(in->argv[i], "--config") == 0 && i + 1 < in->argc) path = in->argv[i + 1];
    }
    return path;
}

/* For what nobody gave, or gave as nothing. */
static void take_presets(struct config *c)
{
    for (int id = 0; id < CONFIG_N; id++) {
        struct place p = { CONFIG_PRESET, "default", STR_NONE };
        if (config_keys[id].preset && !c->entries[id].n) set(c, id, &p, str_from(config_keys[id].preset));
    }
}

void config_load(struct arena *a, const struct config_input *in, struct config *out)
{
    *out = (struct config){ .arena = a };
    const char *option = option_config(in), *named = environment(in, PREFIX "CONFIG");
    if (option) take_config_file(out, option, false);
    else if (!named) take_config_file(out, CONFIG_FILE_DEFAULT, true);
    else if (*named) take_config_file(out, named, false);
    take_environment(out, in);
    take_credentials(out, in);
    for (int i = 1; i < in->argc;) i += take_option(out, in, i);
    take_presets(out);
}

/* --- reading ----------------------------------------------------------------------------------------------
 */

const char *config_text(const struct config *c, enum config_id id)
{
    return c->entries[id].n ? c->entries[id].values[0].text : NULL;
}

int64_t config_number(const struct config *c, enum config_id id)
{
    return c->entries[id].n ? c->entries[id].values[0].number : 0;
}

bool config_is_on(const struct config *c, enum config_id id)
{
    return config_number(c, id) != 0;
}

bool config_is_set(const struct config *c, enum config_id id)
{
    return c->entries[id].place != CONFIG_PRESET;
}

bool config_same(const struct config *a, const struct config *b, enum config_id id)
{
    const struct config_entry *x = &a->entries[id], *y = &b->entries[id];
    if (x->n != y->n) return false;
    for (size_t i = 0; i < x->n; i++) {
        if (strcmp(x->values[i].text, y->values[i].text) != 0) return false;
    }
    return true;
}

void config_keep(struct config *c, const struct config *from, enum config_id id)
{
    const struct config_entry *old = &from->entries[id];
    struct config_entry *entry = &c->entries[id];
    *entry = (struct config_entry){ .place = old->place, .n = old->n };
    entry->values = ARENA_ARRAY(c->arena, struct config_value, CONFIG_LIST_MAX);
    for (size_t i = 0; i < old->n; i++) {
        entry->values[i] =
            (struct config_value){ arena_dup(c->arena, str_from(old->values[i].text)).p,
                                   arena_dup(c->arena, str_from(old->values[i].source)).p, old->values[i].number };
    }
}

#define OPTION_COLUMN 24

void config_print_options(void)
{
    char left[NAME_MAX_BYTES + 32];
    for (int i = 0; i < CONFIG_N; i++) {
        const struct config_key *key = &config_keys[i];
        struct arena a;
        arena_init(&a);
        const char *name = spell(&a, CONFIG_IN_OPTIONS, key->name);
        bool secret = key->flags & CONFIG_IS_SECRET;
        (void)snprintf(left, sizeof(left), "%s%s %s", name, secret ? "-file" : "",
                       secret       ? "FILE"
                       : key->value ? key->value
                                    : "");
        cli_print("  %-*s", OPTION_COLUMN, left);
        if (strlen(left) >= OPTION_COLUMN) cli_print("\n%*s", OPTION_COLUMN + 2, "");
        for (const char *p = key->help; *p;) {
            size_t n = strcspn(p, "\n");
            cli_print("%.*s\n", (int)n, p);
            p += n + (p[n] == '\n');
            if (*p) cli_print("%*s", OPTION_COLUMN + 2, "");
        }
        arena_finish(&a);
    }
}

bool config_sandbox(void)
{
    struct arena a;
    struct config c;
    arena_init(&a);
    config_load(&a, &(struct config_input){ .environment = environ }, &c);
    bool on = config_is_on(&c, CONFIG_SANDBOX);
    arena_finish(&a);
    return on;
}

const char *config_data_dir(const char *option)
{
    const char *env = getenv("SALESAGENT_DATA");
    struct arena a;
    struct config c;
    if (option) return option;
    if (env && *env) return env;
    arena_init(&a);
    config_load(&a, &(struct config_input){ .environment = environ }, &c);
    for (size_t i = 0; i < c.issues_n; i++) (void)fprintf(stderr, "warning: %s\n", c.issues[i].text);
    /* The environment keeps it: it lives as long as the process, and the next one to ask finds it there. */
    int rc = setenv("SALESAGENT_DATA", config_text(&c, CONFIG_DATA), 1);
    arena_finish(&a);
    return rc ? "data" : getenv("SALESAGENT_DATA");
}
