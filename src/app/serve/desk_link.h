/* A link to the desk for whoever starts a sandbox in a terminal. */
#pragma once

#include "store/store.h"

/* TENANT.SECRET for the administrator of the only publisher there is; made in a transaction of its own. */
MUST_CHECK int desk_link_make(struct store *store, struct loop *loop, struct arena *a, struct str *link, struct err *e);
