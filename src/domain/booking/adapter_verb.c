#include "domain/booking/adapter_verb.h"

#include "base/compiler.h"

static const char *const verb_names[ADAPTER_VERBS_N] = {
    [ADAPTER_BOOK] = "book",           [ADAPTER_UPDATE] = "update", [ADAPTER_CANCEL] = "cancel",
    [ADAPTER_CREATIVES] = "creatives", [ADAPTER_LOOK] = "look",     [ADAPTER_REPORT] = "report",
    [ADAPTER_INVENTORY] = "inventory", [ADAPTER_TEST] = "test",     [ADAPTER_FORECAST] = "forecast",
};

const char *adapter_verb_name(enum adapter_verb verb)
{
    ENSURE(verb >= 0 && verb < ADAPTER_VERBS_N);
    return verb_names[verb];
}

const char *adapter_verb_phrase(enum adapter_verb verb)
{
    static const char *const phrases[ADAPTER_VERBS_N] = {
        [ADAPTER_BOOK] = "book this media buy",
        [ADAPTER_UPDATE] = "change this media buy",
        [ADAPTER_CANCEL] = "cancel this media buy",
        [ADAPTER_CREATIVES] = "take the creatives of this media buy",
        [ADAPTER_REPORT] = "report on this media buy",
        [ADAPTER_INVENTORY] = "tell its inventory",
        [ADAPTER_LOOK] = "keep this media buy as it was booked",
        [ADAPTER_TEST] = "pass its test",
        [ADAPTER_FORECAST] = "forecast this media buy",
    };
    ENSURE(verb >= 0 && verb < ADAPTER_VERBS_N);
    return phrases[verb];
}

bool adapter_verb_parse(struct str name, enum adapter_verb *out)
{
    for (int i = 0; i < ADAPTER_VERBS_N; i++) {
        if (str_is(name, verb_names[i])) {
            *out = (enum adapter_verb)i;
            return true;
        }
    }
    return false;
}
