/* How the loops of yyjson read, for cppcheck, which does not open headers of the system (scripts/lint). */
#define yyjson_arr_foreach(arr, idx, max, val)                                                                         \
    for ((idx) = 0, (max) = yyjson_arr_size(arr), (val) = yyjson_arr_get_first(arr); (idx) < (max);                    \
         (idx)++, (val) = unsafe_yyjson_get_next(val))
#define yyjson_mut_arr_foreach(arr, idx, max, val)                                                                     \
    for ((idx) = 0, (max) = yyjson_mut_arr_size(arr), (val) = yyjson_mut_arr_get_first(arr); (idx) < (max);            \
         (idx)++, (val) = (val)->next)
#define yyjson_obj_foreach(obj, idx, max, key, val)                                                                    \
    for ((idx) = 0, (max) = yyjson_obj_size(obj), (key) = yyjson_arr_get_first(obj), (val) = (key) + 1; (idx) < (max); \
         (idx)++, (key) = unsafe_yyjson_get_next(val), (val) = (key) + 1)
#define yyjson_mut_obj_foreach(obj, idx, max, key, val)                                                                \
    for ((idx) = 0, (max) = yyjson_mut_obj_size(obj), (key) = yyjson_mut_arr_get_first(obj), (val) = (key)->next;      \
         (idx) < (max); (idx)++, (key) = (val)->next, (val) = (key)->next)
