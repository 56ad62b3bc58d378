/* SPDX-License-Identifier: MIT */
/* The descriptor of store-sqlite under a name of its own, so that one program
   can hold both stores. */
#define ow_plugin_query store_sqlite_query
#include "../../../plugins/store-sqlite/sqlite.c"
