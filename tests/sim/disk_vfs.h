/* A disk that can be made to fail, or to be slow: a VFS of SQLite, under every database that is opened from then on. */
#pragma once

enum disk_op { DISK_WRITE, DISK_SYNC };

/* `ask` is called before each of them, on the thread that does it, and says SQLITE_OK to let it happen or what it fails with.
 * Returns what SQLite says to the registration. */
int disk_under_everything(int (*ask)(enum disk_op op));
