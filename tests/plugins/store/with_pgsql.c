/* SPDX-License-Identifier: MIT */
/* The descriptor of store-pgsql under a name of its own, so that one program
   can hold both stores. */
#define ow_plugin_query store_pgsql_query
#include "../../../plugins/store-pgsql/pgsql.c"
