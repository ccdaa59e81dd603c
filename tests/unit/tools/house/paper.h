/* The publisher of tests/house/publisher.json, which has the built-in ad server, in the fixture; and a buyer of it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/rfc3339.h"
#include "domain/house/house_load.h"
#include "domain/house/house_record.h"
#include "tools/fixture.h"

/* Its file, as an object that may be changed before it is imported. */
struct str paper_text(struct fixture *f);
/* Opens a fixture with it; calls come from its buyer. */
struct fixture *paper_open(void);
/* Its text with one place changed: `from` must occur. */
struct str paper_with(struct fixture *f, const char *from, const char *to);

/* Books `product` at a price option for a budget, from now for `days` days; gives the package's id. The buy's is paper_buy_of. */
struct str paper_book(struct fixture *f, const char *product, const char *price, int budget, int days);
struct str paper_buy_of(struct fixture *f, struct str package_id);

/* As the ad server reads it. */
void paper_publisher(struct fixture *f, struct house_publisher *out);
void paper_load(struct fixture *f, struct str media_buy_id, struct house_buy *out);
