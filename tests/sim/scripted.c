#include "scripted.h"

#include <string.h>

int scripted_setup(void **state, struct scripted *s, size_t bytes,
                   struct http_answer (*answer)(void *arg, const struct http_call *call))
{
    memset(s, 0, bytes);
    sim_init(&s->sim, 1, SCRIPTED_NOW);
    http_script_init(&s->http, &s->sim.loop);
    s->http.answer = answer;
    s->http.arg = s;
    s->sim.http = &s->http.client;
    sim_restart(&s->sim);
    *state = s;
    return 0;
}

int scripted_teardown(void **state)
{
    sim_finish(&((struct scripted *)*state)->sim);
    return 0;
}
