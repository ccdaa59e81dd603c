#include "app/command/config_command.h"

#include <stdio.h>
#include <unistd.h>

#include "app/options.h"
#include "contract/json.h"
#include "net/tls.h"

/* `config VERB` takes the options of `serve`, and --json. */
struct config_command {
    struct arena arena;
    struct config_input input;
    struct serve_options o;
    bool json;
};

static void read_args(struct config_command *c, int argc, char **argv)
{
    char **options = ARENA_ARRAY(&c->arena, char *, (size_t)argc + 1);
    c->input = (struct config_input){ environ, 0, options };
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) c->json = true;
        else options[c->input.argc++] = argv[i];
    }
    options_read(&c->arena, &c->input, NULL, 0, &c->o);
}

/* Paths that are named must be good for what they are named for. */
static void check_files(struct config_command *c)
{
    struct tls_context *ctx;
    struct err e;
    if (!c->o.tls_certificate.n || !c->o.tls_key.n) return;
    if (tls_context_create(c->o.tls_certificate, c->o.tls_key, &ctx, &e)) {
        config_complain(&c->o.config, CONFIG_TLS_CERT, 0, "%s", e.message);
    } else {
        tls_context_destroy(ctx);
    }
}

static int check(struct config_command *c)
{
    struct config *cf = &c->o.config;
    check_files(c);
    if (c->json) {
        yyjson_mut_doc *doc = json_doc_new(&c->arena);
        yyjson_mut_val *root = json_root_obj(doc), *list = json_add_arr(doc, root, "problems");
        for (size_t i = 0; i < cf->issues_n; i++) json_push_str(doc, list, str_from(cf->issues[i].text));
        cli_print(STR_FMT "\n", STR_ARG(json_write(&c->arena, root)));
        return cf->issues_n ? CLI_FAILED : CLI_OK;
    }
    if (cf->issues_n) return options_report("config", cf);
    cli_print("the settings can be used%s%s\n", cf->file ? "; read from " : "", cf->file ? cf->file : "");
    return CLI_OK;
}

static const char *shown(const struct config_key *key, const struct config_value *v)
{
    return key->flags & CONFIG_IS_SECRET ? "(hidden)" : v->text;
}

static void show_text(const struct config *c)
{
    for (int id = 0; id < CONFIG_N; id++) {
        const struct config_key *key = &config_keys[id];
        const struct config_entry *entry = &c->entries[id];
        if (!entry->n) cli_print("# %s is not set\n", key->name);
        for (size_t i = 0; i < entry->n; i++) {
            cli_print("%s=%-*s # %s\n", key->name, 39 - (int)strlen(key->name), shown(key, &entry->values[i]),
                      entry->values[i].source);
        }
    }
}

static void show_json(struct config_command *c)
{
    yyjson_mut_doc *doc = json_doc_new(&c->arena);
    yyjson_mut_val *root = json_root_obj(doc), *list = json_add_arr(doc, root, "settings");
    for (int id = 0; id < CONFIG_N; id++) {
        const struct config_entry *entry = &c->o.config.entries[id];
        for (size_t i = 0; i < entry->n; i++) {
            yyjson_mut_val *item = json_push_obj(doc, list);
            json_add_str(doc, item, "name", str_from(config_keys[id].name));
            json_add_str(doc, item, "value", str_from(shown(&config_keys[id], &entry->values[i])));
            json_add_str(doc, item, "source", str_from(entry->values[i].source));
        }
    }
    cli_print(STR_FMT "\n", STR_ARG(json_write(&c->arena, root)));
}

static int show(struct config_command *c)
{
    if (c->json) show_json(c);
    else show_text(&c->o.config);
    return options_report("config", &c->o.config);
}

/* Every setting with what it means and its preset, commented out: what the package installs. */
static int example(void)
{
    cli_print("# Settings of salesagent: KEY=VALUE. A line that is commented out shows the preset.\n"
              "# salesagent config check says whether they can be used, salesagent reload lets the running "
              "agent read them.\n");
    for (int id = 0; id < CONFIG_N; id++) {
        const struct config_key *key = &config_keys[id];
        cli_print("\n# ");
        for (const char *p = key->help; *p; p++) cli_print(*p == '\n' ? "\n# " : "%c", *p);
        bool secret = key->flags & CONFIG_IS_SECRET;
        cli_print("\n#%s%s=%s\n", key->name, secret ? "_file" : "",
                  secret        ? ""
                  : key->preset ? key->preset
                  : key->value  ? ""
                                : "no");
    }
    return CLI_OK;
}

static int config_run(int argc, char **argv)
{
    struct config_command c = { 0 };
    const char *verb = argc > 1 ? argv[1] : "";
    int rc;
    arena_init(&c.arena);
    if (strcmp(verb, "check") == 0 || strcmp(verb, "show") == 0) {
        read_args(&c, argc - 1, argv + 1);
        rc = verb[0] == 'c' ? check(&c) : show(&c);
    } else if (strcmp(verb, "example") == 0 && argc == 2) {
        rc = example();
    } else {
        rc = cli_error(CLI_USAGE, "config: check, show or example?");
    }
    arena_finish(&c.arena);
    return rc;
}

const struct cli_command command_config = {
    .name = "config",
    .summary = "the settings and where they come from: check, show, example",
    .words = "check show example",
    .usage = "Usage: salesagent config check | show | example [--json] [OPTION...]\n\n"
             "  check     whether the settings, and the certificate they name, can be used; all that is "
             "wrong at once\n"
             "  show      each value and where it comes from: default, file and line, environment, option; "
             "no secrets\n"
             "  example   a configuration file with every setting, what it means and its preset\n\n"
             "  --json                  print it as JSON\n"
             "  --config FILE           another file than " CONFIG_FILE_DEFAULT "\n"
             "\nThe other options are those of salesagent serve:\n",
    .more = config_print_options,
    .epilogue = "\nExit codes: 0 done, 1 something is wrong, 2 wrong usage.\n",
    .run = config_run,
};
