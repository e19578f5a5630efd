// Debian builds its library with this; the header leaves the declarations out unless it is told so.
#define SQLITE_ENABLE_PREUPDATE_HOOK 1
#include <sqlite3.h>
