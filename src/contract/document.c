#include "contract/document.h"

int document_fits(struct str text, size_t bytes_max, const char *what, struct err *e)
{
    if (text.n <= bytes_max) return 0;
    (void)err_set(e, "VALIDATION_ERROR", "%s is %zu bytes long as it is stored; at most %zu are kept.", what, text.n,
                  bytes_max);
    return err_suggest(e, "Send less of what is only kept for you (ext, context), or divide it.");
}
