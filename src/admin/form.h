/* Forms rendered from an operation's schema, and what comes back as a merge patch (RFC 7396).
 *
 *     schema of an argument + stored value -> fields of the view -> template "form_fields" -> posted form -> patch
 *
 * The argument is an object. A member of it is a field by its type: a text, a number, yes or no, one of an enum, several of an
 * enum, a list of objects as rows of a table, any other value as JSON; the members of an object are fields of their own.
 * Titles and descriptions are the schema's. A field that was empty and stays so changes nothing; one that is emptied is null in
 * the patch; one that is not in the form is left alone. */
#pragma once

#include "admin/desk.h"

/* Values of a field that the schema does not know, {value, label}: for one member by its name. */
struct desk_options {
    const char *member; /* NULL: there are none */
    yyjson_mut_val *list;
};

/* Adds the array `as` to the view. `values`: what is stored, an object of the view; NULL: nothing is. Of a form that was refused
 * the fields say what was posted. */
void desk_form_add(struct desk_request *r, const char *as, const char *operation, const char *argument,
                   yyjson_mut_val *values, struct desk_options options);

/* Adds to `patch` what the posted form says. False: a field cannot be read, desk_complain() has said which. */
bool desk_form_read(struct desk_request *r, const char *operation, const char *argument, yyjson_mut_doc *doc,
                    yyjson_mut_val *patch);
