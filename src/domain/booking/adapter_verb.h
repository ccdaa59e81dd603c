/* The verbs of the adapter contract by name, as jobs and tasks keep them, and in words. */
#pragma once

#include "salesagent/adapter.h"

const char *adapter_verb_name(enum adapter_verb verb); /* "book", "update", ... */
const char *adapter_verb_phrase(enum adapter_verb verb); /* "book this media buy", for people */
bool adapter_verb_parse(struct str name, enum adapter_verb *out);
